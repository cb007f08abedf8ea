import DataParallel
import Files
import NeuralNetwork
import Protocol

// Every message, drawn from an input's bytes. A new kind of message does not compile until it is drawn
// too.

/// A message that can be drawn.
package protocol DrawnMessage: WireMessage {
    associatedtype Kind: CaseIterable
    /// The kind of the message.
    var kind: Kind { get }
    /// A message of a kind with drawn fields.
    static func drawn(_ kind: Kind, _ draw: inout Draw) -> Self
}

extension DrawnMessage {
    /// A message of any kind as its receiver decodes it; nil if decoding throws.
    static func received(_ draw: inout Draw) -> Self? {
        let kinds = Array(Kind.allCases)
        let message = drawn(kinds[draw.byte() % kinds.count], &draw)
        return try? decode(message.header(run: fuzzedRun), payloadFrames: message.payloadFrames)
            .message
    }

    /// A message of each kind, with all fields 1 or more.
    package static var samples: [Self] {
        Kind.allCases.map { kind in
            var draw = Draw(Array(repeating: 3, count: 64))
            return drawn(kind, &draw)
        }
    }
}

/// The run that all drawn messages belong to.
package let fuzzedRun = RunID(7)

extension WorkerMessage: DrawnMessage {
    package enum Kind: CaseIterable {
        case hello, ready, fetch, partialSum, status, leave
    }

    package var kind: Kind {
        switch self {
        case .hello: .hello
        case .ready: .ready
        case .fetch: .fetch
        case .partialSum: .partialSum
        case .status: .status
        case .leave: .leave
        }
    }

    package static func drawn(_ kind: Kind, _ draw: inout Draw) -> WorkerMessage {
        switch kind {
        case .hello:
            return .hello(
                Hello(
                    host: draw.text(), pid: draw.number(), lanes: draw.number(),
                    kernels: draw.text(), identity: draw.text()))
        case .ready: return .ready(draw.ranges())
        case .fetch: return .fetch(Fetch(shard: draw.number(), first: draw.number()))
        case .partialSum:
            return .partialSum(
                PartialSumHeader(
                    step: draw.number() & .max, attempt: UInt8(draw.byte() % 2),
                    level: draw.index(), residue: draw.index(),
                    examples: draw.index(), correct: draw.index(), loss: draw.real(),
                    checksum: UInt64(draw.byte()), timing: draw.timing()))
        case .status:
            let phases: [WorkerStatus.Phase] = [.computing, .fetching, .idle]
            let step = draw.number()
            return .status(
                WorkerStatus(
                    phase: phases[draw.byte() % 3], step: draw.byte() < 192 ? step : nil,
                    seconds: draw.real(), clock: draw.byte() < 128 ? draw.real() : nil))
        case .leave: return .leave(Notice(reason: draw.text()))
        }
    }
}

extension CoordinatorMessage: DrawnMessage {
    package enum Kind: CaseIterable {
        case welcome, refuse, assign, shardPart, weights, compute, ping, expel, stop
    }

    package var kind: Kind {
        switch self {
        case .welcome: .welcome
        case .refuse: .refuse
        case .assign: .assign
        case .shardPart: .shardPart
        case .weights: .weights
        case .compute: .compute
        case .ping: .ping
        case .expel: .expel
        case .stop: .stop
        }
    }

    package static func drawn(_ kind: Kind, _ draw: inout Draw) -> CoordinatorMessage {
        switch kind {
        case .welcome:
            return .welcome(
                Welcome(
                    architecture: jsonText(fuzzedArchitecture), examples: draw.number(),
                    batchSize: draw.number(), shards: draw.number(), seed: UInt64(draw.byte()),
                    labelSmoothing: draw.real()))
        case .refuse: return .refuse(Notice(reason: draw.text()))
        case .assign: return .assign(draw.ranges())
        case .shardPart:
            return .shardPart(
                ShardPart(shard: draw.number(), first: draw.number(), count: draw.number()))
        case .weights: return .weights(draw.work())
        case .compute: return .compute(draw.work())
        case .ping: return .ping
        case .expel: return .expel(Notice(reason: draw.text()))
        case .stop: return .stop(Notice(reason: draw.text()))
        }
    }
}

/// The network of all fuzzed runs.
let fuzzedArchitecture = Architecture(
    imageRows: 2, imageColumns: 2, hiddenSize: 2, layers: 1, classes: 2)
