/// What one side says to the other: a header frame, then as many payload frames as it announces.
public protocol WireMessage {
    /// The number of payload frames behind the header.
    var payloadFrames: Int { get }

    /// The header frame.
    func header(run: RunID) -> [UInt8]

    /// Takes a header frame of allowed length apart.
    static func decode(_ header: [UInt8]) throws(ProtocolError) -> (message: Self, run: RunID)
}

extension WireMessage {
    /// Takes a header frame apart and checks that as many payload frames follow as it needs.
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

/// What a worker says to the coordinator.
public enum WorkerMessage: WireMessage, Sendable, Equatable {
    /// Here I am.
    case hello(Hello)
    /// All data of the assigned slots is here.
    case ready(SlotRanges)
    /// Send me examples.
    case fetch(Fetch)
    /// The sum of the gradients under a node; the gradients follow as a payload frame.
    case partialSum(PartialSumHeader)
    /// Here I am still, and this is what I do.
    case status(WorkerStatus)
    /// I am going.
    case leave(Notice)

    /// The number of payload frames behind the header.
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

    /// Takes a header frame of allowed length apart.
    public static func decode(
        _ header: [UInt8]
    ) throws(ProtocolError) -> (message: Self, run: RunID) {
        if isStepHeader(header) {
            let reader = try Reader(header)
            guard reader.type == .partialSum else { throw .malformed("a worker sends no weights") }
            return (.partialSum(try decodePartialSum(reader)), reader.run)
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

/// What the coordinator says to a worker.
public enum CoordinatorMessage: WireMessage, Sendable, Equatable {
    /// You are in; this is the run.
    case welcome(Welcome)
    /// You cannot join.
    case refuse(Notice)
    /// Get the data of these slots ready.
    case assign(SlotRanges)
    /// Examples you asked for; two payload frames follow, the pixels and the labels.
    case shardPart(ShardPart)
    /// Compute these slots with the weights in the payload frame.
    case weights(WorkHeader)
    /// Compute these slots too, with the weights that you have.
    case compute(WorkHeader)
    /// Are you there, and what do you do?
    case ping
    /// You were dropped: forget the run, and say hello again.
    case expel(Notice)
    /// The run is over.
    case stop(Notice)

    /// The number of payload frames behind the header.
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

    /// Takes a header frame of allowed length apart.
    public static func decode(
        _ header: [UInt8]
    ) throws(ProtocolError) -> (message: Self, run: RunID) {
        if isStepHeader(header) {
            let reader = try Reader(header)
            switch reader.type {
            case .weights: return (.weights(try decodeWork(reader)), reader.run)
            case .compute: return (.compute(try decodeWork(reader)), reader.run)
            case .partialSum: throw .malformed("a coordinator sends no partial sums")
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
