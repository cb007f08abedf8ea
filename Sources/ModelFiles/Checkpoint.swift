import Bounds
import Files
import FoundationEssentials
import KernelInterface
import NeuralNetwork
import Optimizers
import Reduction
import Settings

/// All that is needed to go on with a run bit for bit: the state between two steps.
public struct Checkpoint: Sendable {
    /// What decides the run's weights.
    public var configuration: TrainingConfiguration
    /// The form of the network.
    public var architecture: Architecture
    /// What tells the data set from others: a digest over its files.
    public var dataDigest: String
    /// The steps made.
    public var step: Int
    /// The epoch, counted from 1, that the last step belongs to; 0 before the first.
    public var epoch: Int
    /// What the steps of that epoch have added up to.
    public var epochTally: Tally
    /// The seconds that the steps took, over all sessions of the run.
    public var seconds: Double
    /// The parameters.
    public var parameters: Snapshot
    /// What the update rule keeps between steps.
    public var optimizerState: OptimizerState

    /// Makes a checkpoint of a run's state.
    public init(
        configuration: TrainingConfiguration, architecture: Architecture, dataDigest: String,
        step: Int, epoch: Int, epochTally: Tally, seconds: Double, parameters: Snapshot,
        optimizerState: OptimizerState
    ) {
        self.configuration = configuration
        self.architecture = architecture
        self.dataDigest = dataDigest
        self.step = step
        self.epoch = epoch
        self.epochTally = epochTally
        self.seconds = seconds
        self.parameters = parameters
        self.optimizerState = optimizerState
    }

    /// What a checkpoint's metadata holds beside the tensors.
    private struct Record: Codable {
        /// Changes with the order of additions too: a run that went on in another would end with bits
        /// that no run has from beginning to end.
        static let format = "tern-checkpoint-2"
        var format = Self.format
        let configuration: TrainingConfiguration
        let architecture: Architecture
        let dataDigest: String
        @Bounded<StepNumber> var step: Int
        @Bounded<EpochNumber> var epoch: Int
        let epochTally: Tally
        @Bounded<Seconds> var seconds: Double
    }

    static let recordKey = "tern"

    /// The bytes of the checkpoint's safetensors file.
    public func encoded() -> [UInt8] {
        let record = Record(
            configuration: configuration, architecture: architecture, dataDigest: dataDigest,
            step: step, epoch: epoch, epochTally: epochTally, seconds: seconds)
        var file = Safetensors(metadata: [Self.recordKey: jsonText(record)])
        let layout = ParameterLayout(architecture)
        file.append(parameters, layout: layout)
        for variable in configuration.updateRule.stateVariables {
            guard let values = optimizerState[variable] else {
                preconditionFailure("the optimizer's state lacks its \(variable)")
            }
            file.append(values, layout: layout, prefix: Self.prefix(variable))
        }
        return file.encoded()
    }

    /// Reads the bytes of a checkpoint's file.
    public init(parsing bytes: [UInt8], path: String) throws(SafetensorsError) {
        let file = try Safetensors(parsing: bytes, path: path)
        guard let text = file.metadata[Self.recordKey] else {
            throw SafetensorsError(path, "it holds no Tern checkpoint")
        }
        let record = try Self.record(text, path: path)
        guard record.format == Record.format else {
            throw SafetensorsError(
                path, unfit: "it is a \(record.format) of a Tern that computes other bits",
                remedy: "go on with that Tern")
        }
        // A bit may have flipped in the digest's key; then nothing vouches for the rest.
        guard file.isSealed else { throw SafetensorsError(path, "it has no SHA-256 digest") }
        let layout = ParameterLayout(record.architecture)
        configuration = record.configuration
        architecture = record.architecture
        dataDigest = record.dataDigest
        step = record.step
        epoch = record.epoch
        epochTally = record.epochTally
        seconds = record.seconds
        parameters = try file.values(layout, path: path)
        optimizerState = [:]
        for variable in configuration.updateRule.stateVariables {
            optimizerState[variable] = try file.values(
                layout, prefix: Self.prefix(variable), path: path)
        }
    }

    private static func record(
        _ text: String, path: String
    ) throws(SafetensorsError) -> Record {
        do {
            let record = try JSONDecoder().decode(Record.self, from: Data(text.utf8))
            try record.configuration.validate()
            return record
        } catch let error as OutOfBounds {
            throw SafetensorsError(path, "\(error)")
        } catch let error as ConfigurationError {
            throw SafetensorsError(path, "\(error)")
        } catch {
            throw SafetensorsError(path, "it holds no Tern checkpoint")
        }
    }

    /// What stands before a parameter's name in that of its value in the optimizer's state.
    private static func prefix(_ variable: StateVariable) -> String { "\(variable.rawValue)." }
}
