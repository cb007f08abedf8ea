import Datasets
import Glibc
import Images
import ModelFiles
import Protocol
import Settings

/// Code that parses external input, with the invariants that must hold for any bytes.
///
/// A target ends the process if an invariant is broken, as the decoders' own traps do: a fuzzer reports
/// both alike.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// Headers that a coordinator receives.
    case workerMessage = "worker-message"
    /// Headers that a worker receives; a welcome is processed further.
    case coordinatorMessage = "coordinator-message"
    /// A coordinator's decisions, with events drawn from the bytes.
    case coordinatorMachine = "coordinator-machine"
    /// A worker's decisions, with events drawn from the bytes.
    case workerMachine = "worker-machine"
    /// The receiver of payloads in blocks, with messages drawn from the bytes.
    case payloadBlocks = "payload-blocks"
    /// Checkpoints, models and state_dicts.
    case safetensors
    /// A file of examples in the IDX format, plain or gzip-compressed.
    case examples
    /// A picture to predict.
    case png
    /// A `config.json`.
    case configuration

    /// Processes the bytes and checks the result.
    package func run(_ bytes: [UInt8]) {
        switch self {
        case .workerMessage: checkMessage(bytes, as: WorkerMessage.self)
        case .coordinatorMessage: checkCoordinatorMessage(bytes)
        case .coordinatorMachine: checkCoordinatorMachine(bytes)
        case .workerMachine: checkWorkerMachine(bytes)
        case .payloadBlocks: checkPayloadBlocks(bytes)
        case .safetensors: checkSafetensors(bytes)
        case .examples: checkExamples(bytes)
        case .png: checkPicture(bytes)
        case .configuration: checkConfiguration(bytes)
        }
    }
}

/// A decoded message must stay the same when it is encoded and decoded again.
@discardableResult
private func checkMessage<Message: WireMessage>(
    _ header: [UInt8], as type: Message.Type
) -> Message? {
    guard header.count <= maximumHeaderSize, let (message, run) = try? Message.decode(header) else {
        return nil
    }
    let again = message.header(run: run)
    guard let decoded = try? Message.decode(again, payloadFrames: message.payloadFrames) else {
        fatalError("\(message) encodes to what does not decode")
    }
    // Compares headers, because a NaN loss does not equal itself.
    precondition(decoded.run == run, "\(message) changes its run on the way")
    precondition(decoded.message.header(run: run) == again, "\(message) changes on the way")
    return message
}

private func checkCoordinatorMessage(_ header: [UInt8]) {
    guard let message = checkMessage(header, as: CoordinatorMessage.self) else { return }
    let worker = JoinedWorker()
    worker.receive(message)
}

private func checkSafetensors(_ bytes: [UInt8]) {
    guard let file = try? Safetensors(parsing: bytes, path: "input") else { return }
    if let again = try? Safetensors(parsing: file.encoded(), path: "input") {
        // Tensors without elements have no order.
        precondition(
            Set(again.tensors.map(\.name)) == Set(file.tensors.map(\.name)), "tensors change")
        precondition(again.metadata == file.metadata, "the metadata change")
    } else {
        precondition(
            file.tensors.contains { $0.type != "F32" }, "a file encodes to what does not parse")
    }
    if let model = try? ModelFile(parsing: bytes, path: "input") {
        precondition(model.parameters.count * 4 <= bytes.count, "parameters from nowhere")
    }
    if let checkpoint = try? Checkpoint(parsing: bytes, path: "input") {
        precondition(checkpoint.parameters.count * 4 <= bytes.count, "parameters from nowhere")
        goOn(from: checkpoint)
    }
}

private func checkExamples(_ bytes: [UInt8]) {
    guard let stream = tmpfile() else { fatalError("no temporary file") }
    defer { fclose(stream) }
    precondition(fwrite(bytes, 1, bytes.count, stream) == bytes.count, "the file is incomplete")
    fflush(stream)
    guard let examples = try? ExampleFile(path: "/proc/self/fd/\(fileno(stream))") else { return }
    precondition(
        examples.values.count == examples.count * examples.shape.byteCount, "examples are missing")
}

private func checkPicture(_ bytes: [UInt8]) {
    guard var picture = try? Picture(png: bytes, path: "input") else { return }
    // Larger pictures take long and exercise no other code.
    guard picture.pixels.count <= 1 << 16 else { return }
    picture.brightenInk()
    picture.fit(rows: 28, columns: 28)
    precondition(picture.pixels.count == 28 * 28, "a picture of another size")
}

private func checkConfiguration(_ bytes: [UInt8]) {
    guard let configuration = try? RunConfiguration(parsing: bytes, path: "input") else { return }
    let again = configuration.encoded()
    guard let decoded = try? RunConfiguration(parsing: again, path: "input") else {
        fatalError("\(configuration) encodes to what does not parse")
    }
    precondition(decoded.encoded() == again, "\(configuration) changes on the way")
}
