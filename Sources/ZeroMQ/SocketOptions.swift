import CZeroMQ

/// The limits and times of a socket.
///
/// What has only one sensible value here is no option: routers report unknown peers
/// (`ZMQ_ROUTER_MANDATORY`), and a closed socket keeps nothing unless ``Socket/close(lingering:)``
/// says so.
public struct SocketOptions: Hashable, Sendable {
    /// How many outgoing messages are queued for one peer before sends give ``SendResult/full``; 0
    /// for no limit.
    public var sendHighWaterMark = 16
    /// How many incoming messages are queued from one peer before its sends have to wait; 0 for no
    /// limit.
    ///
    /// At a limit libzmq 4.3.4 stops to read, and if the connection then ends, the next ping, its own or
    /// one of the peer's, ends this process ("!_io_error", zeromq/libzmq#4364). So what may come has to
    /// be limited otherwise: by sending no more than is asked for, or by
    /// ``Socket/limitUnread(of:othersTogether:)``.
    public var receiveHighWaterMark = 0
    /// The most bytes that the frames of a received message may have together.
    ///
    /// A message with a single frame of more breaks the connection, and vanishes without an error
    /// on either side: let senders know the limit. Other messages of more are
    /// ``Received/oversized(sender:frameCount:byteCount:)``.
    public var maximumMessageSize = 64 << 20
    /// The most frames that a received message may have.
    public var maximumFrameCount = 8
    /// The most peers that may be connected to a listening socket that is monitored; more are cut
    /// off as they come.
    public var maximumConnectionCount = 1024
    /// How long a new connection may take until both sides have greeted each other.
    public var handshakeInterval: Duration = .seconds(3)
    /// How often to ping the peers, or nil for never.
    public var heartbeatInterval: Duration?
    /// How long a peer may leave a ping unanswered before its connection is cut.
    ///
    /// A program that stands still longer than this, but is not dead, loses its messages. Peers of a
    /// router are told, and cut the connection themselves when they hear nothing for as long.
    public var heartbeatTimeout: Duration = .seconds(5)
    /// Whether a router's peers are told to cut a connection that is silent for as long.
    public var heartbeatBindsPeers = true
    /// Whether to queue messages only for peers that are connected.
    ///
    /// Otherwise what is sent while a peer is away arrives, long stale, after its return.
    public var queuesOnlyWhenConnected = true
    /// Who may be at the other end of a connection; nil for anybody, and for no encryption.
    public var encryption: Encryption?
    /// How soon to dial again after a connection broke or was refused.
    public var reconnectInterval: Duration = .milliseconds(100)
    /// Up to where the reconnect interval doubles with each failure, or nil to keep it.
    public var maximumReconnectInterval: Duration? = .seconds(2)

    /// Makes options with default values.
    public init() {}
}

extension SocketOptions {
    /// libzmq's names and values of the options that are 32-bit numbers.
    func values(for kind: Socket.Kind) -> [(option: Int32, value: Int32)] {
        var values: [(Int32, Int32)] = [
            (ZMQ_LINGER, 0),
            (ZMQ_SNDHWM, Int32(clamping: sendHighWaterMark)),
            (ZMQ_RCVHWM, Int32(clamping: receiveHighWaterMark)),
            (ZMQ_HANDSHAKE_IVL, handshakeInterval.milliseconds),
            // Left to itself, the system asks a silent machine for two minutes, ever more seldom: one
            // that has come back would wait for a minute. Two repetitions have their chance.
            (ZMQ_CONNECT_TIMEOUT, Duration.seconds(4).milliseconds),
            (ZMQ_IMMEDIATE, queuesOnlyWhenConnected ? 1 : 0),
            // Whoever finds no place to wait in is let dial again by the system ever more seldom.
            (ZMQ_BACKLOG, Int32(clamping: maximumConnectionCount)),
            (ZMQ_RECONNECT_IVL, reconnectInterval.milliseconds),
            (ZMQ_RECONNECT_IVL_MAX, maximumReconnectInterval?.milliseconds ?? 0),
        ]
        if let heartbeatInterval {
            values.append((ZMQ_HEARTBEAT_IVL, heartbeatInterval.milliseconds))
            values.append((ZMQ_HEARTBEAT_TIMEOUT, heartbeatTimeout.milliseconds))
        }
        if kind == .router {
            values.append((ZMQ_ROUTER_MANDATORY, 1))
            if heartbeatInterval != nil, heartbeatBindsPeers {
                // It is sent as tenths of a second, in 16 bits.
                let limit = Duration.milliseconds(6_553_500)
                values.append((ZMQ_HEARTBEAT_TTL, min(heartbeatTimeout, limit).milliseconds))
            }
        }
        return values
    }
}

extension Duration {
    /// Whole milliseconds, rounded up so that nobody waits too short or, for 0.1 ms, not at all.
    var milliseconds: Int32 {
        let millisecond: Int64 = 1_000_000_000_000_000  // in attoseconds
        let (seconds, attoseconds) = Swift.max(self, .zero).components
        let whole = Swift.min(seconds, Int64(Int32.max)) * 1000
        return Int32(clamping: whole + (attoseconds + millisecond - 1) / millisecond)
    }
}
