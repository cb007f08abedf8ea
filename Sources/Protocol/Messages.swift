/// A message: a header frame, then as many payload frames as the header announces.
public protocol WireMessage {
    /// The number of payload frames after the header.
    var payloadFrames: Int { get }

    /// The header frame.
    func header(run: RunID) -> [UInt8]

    /// Decodes a header frame of allowed length.
    static func decode(_ header: [UInt8]) throws(ProtocolError) -> (message: Self, run: RunID)
}

extension WireMessage {
    /// Decodes a header frame and checks that as many payload frames follow as it needs.
    public static func decode(
        _ header: [UInt8], payloadFrames: Int
    ) throws(ProtocolError) -> (message: Self, run: RunID) {
        guard header.count <= maximumHeaderSize else { throw .malformed("its header is too long") }
        let (message, run) = try decode(header)
        guard message.payloadFrames == payloadFrames else {
            throw .wrongPayload("\(payloadFrames) payload frames, not \(message.payloadFrames)")
        }
        return (message, run)
    }
}

/// A message from a worker to the coordinator.
public enum WorkerMessage: WireMessage, Sendable, Equatable {
    /// Introduces the worker.
    case hello(Hello)
    /// Reports that all data of the assigned slots is there.
    case ready(SlotRanges)
    /// Requests examples.
    case fetch(Fetch)
    /// The sum of the gradients under a node; the gradients follow as a payload frame.
    case partialSum(PartialSumHeader)
    /// Answers a ping: the worker is alive, and what it is doing.
    case status(WorkerStatus)
    /// Announces that the worker leaves.
    case leave(Notice)

    /// The number of payload frames after the header.
    public var payloadFrames: Int {
        if case .partialSum = self { 1 } else { 0 }
    }

    /// The header frame.
    public func header(run: RunID) -> [UInt8] {
        switch self {
        case .hello(let body): encodeControl("hello", run: run, body)
        case .ready(let body): encodeControl("ready", run: run, body)
        case .fetch(let body): encodeControl("fetch", run: run, body)
        case .status(let body): encodeControl("status", run: run, body)
        case .leave(let body): encodeControl("leave", run: run, body)
        case .partialSum(let sum): encode(sum, run: run)
        }
    }

    /// Decodes a header frame of allowed length.
    public static func decode(
        _ header: [UInt8]
    ) throws(ProtocolError) -> (message: Self, run: RunID) {
        if isStepHeader(header) {
            let reader = try Reader(header)
            switch reader.type {
            case .partialSum: return (.partialSum(try decodePartialSum(reader)), reader.run)
            case .weights, .compute: throw .malformed("a worker sends no weights")
            case .block: throw .malformed(strayBlock)
            }
        }
        let (type, run) = try decodeControlPrefix(header)
        switch type {
        case "hello": return (.hello(try decodeControlBody(header)), run)
        case "ready": return (.ready(try decodeControlBody(header)), run)
        case "fetch": return (.fetch(try decodeControlBody(header)), run)
        case "status": return (.status(try decodeControlBody(header)), run)
        case "leave": return (.leave(try decodeControlBody(header)), run)
        default: throw .malformed("an unknown type of message")
        }
    }
}

/// A message from the coordinator to a worker.
public enum CoordinatorMessage: WireMessage, Sendable, Equatable {
    /// Accepts the worker, and describes the run.
    case welcome(Welcome)
    /// Refuses the worker.
    case refuse(Notice)
    /// Assigns slots, whose data the worker must get ready.
    case assign(SlotRanges)
    /// Requested examples; two payload frames follow, the pixels and the labels.
    case shardPart(ShardPart)
    /// Requests the gradients of slots, with the weights in the payload frame.
    case weights(WorkHeader)
    /// Requests the gradients of more slots, with the weights that the worker has.
    case compute(WorkHeader)
    /// Asks whether the worker is alive, and what it is doing.
    case ping
    /// Drops the worker: it must forget the run, and say hello again.
    case expel(Notice)
    /// Ends the run.
    case stop(Notice)

    /// The number of payload frames after the header.
    public var payloadFrames: Int {
        switch self {
        case .weights: 1
        case .shardPart: 2
        default: 0
        }
    }

    /// The header frame.
    public func header(run: RunID) -> [UInt8] {
        switch self {
        case .welcome(let body): encodeControl("welcome", run: run, body)
        case .refuse(let body): encodeControl("refuse", run: run, body)
        case .assign(let body): encodeControl("assign", run: run, body)
        case .shardPart(let body): encodeControl("shard", run: run, body)
        case .ping: encodeControl("ping", run: run, Notice(reason: ""))
        case .expel(let body): encodeControl("expel", run: run, body)
        case .stop(let body): encodeControl("stop", run: run, body)
        case .weights(let work): encode(work, .weights, run: run)
        case .compute(let work): encode(work, .compute, run: run)
        }
    }

    /// Decodes a header frame of allowed length.
    public static func decode(
        _ header: [UInt8]
    ) throws(ProtocolError) -> (message: Self, run: RunID) {
        if isStepHeader(header) {
            let reader = try Reader(header)
            switch reader.type {
            case .weights: return (.weights(try decodeWork(reader)), reader.run)
            case .compute: return (.compute(try decodeWork(reader)), reader.run)
            case .partialSum: throw .malformed("a coordinator sends no partial sums")
            case .block: throw .malformed(strayBlock)
            }
        }
        let (type, run) = try decodeControlPrefix(header)
        switch type {
        case "welcome": return (.welcome(try decodeControlBody(header)), run)
        case "refuse": return (.refuse(try decodeControlBody(header)), run)
        case "assign": return (.assign(try decodeControlBody(header)), run)
        case "shard": return (.shardPart(try decodeControlBody(header)), run)
        case "ping": return (.ping, run)
        case "expel": return (.expel(try decodeControlBody(header)), run)
        case "stop": return (.stop(try decodeControlBody(header)), run)
        default: throw .malformed("an unknown type of message")
        }
    }
}
