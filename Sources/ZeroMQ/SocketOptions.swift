import CZeroMQ

/// The limits and times of a socket.
///
/// Settings with only one sensible value here are no options: routers report unknown peers
/// (`ZMQ_ROUTER_MANDATORY`), and a closed socket keeps nothing, except through
/// ``Socket/close(lingering:)``.
public struct SocketOptions: Hashable, Sendable {
    /// The most outgoing messages queued for one peer before sends give ``SendResult/full``; 0 for no
    /// limit.
    public var sendHighWaterMark = 16
    /// The most incoming messages queued from one peer before its sends have to wait; 0 for no limit.
    ///
    /// At a limit libzmq 4.3.4 stops reading. If the connection then ends, the next ping, its own or
    /// the peer's, ends this process ("!_io_error", zeromq/libzmq#4364). So incoming messages must be
    /// limited otherwise: by sending no more than is requested, or by
    /// ``Socket/limitUnread(of:othersTogether:)``.
    public var receiveHighWaterMark = 0
    /// The most bytes of all frames of a received message together.
    ///
    /// A message with a single larger frame breaks the connection, and vanishes without an error on
    /// either side: senders must know the limit. Other larger messages are
    /// ``Received/oversized(sender:frameCount:byteCount:)``.
    public var maximumMessageSize = 64 << 20
    /// The most frames of a received message.
    public var maximumFrameCount = 8
    /// The most peers connected to a listening socket with a monitor; further connections are closed at
    /// once.
    public var maximumConnectionCount = 2048
    /// Whether connections without encryption are accepted at a limited rate only: not needed where the
    /// system decides who may connect.
    public var limitsNewcomers = true
    /// How long a new connection may take until both sides have greeted each other.
    public var handshakeInterval: Duration = .seconds(3)
    /// How often to ping the peers, or nil for never.
    public var heartbeatInterval: Duration?
    /// How long a peer may leave a ping unanswered before its connection is closed.
    ///
    /// A program that stands still longer than this, but is not dead, loses its messages. A router's
    /// peers learn this time, and close the connection themselves if they receive nothing for as long.
    public var heartbeatTimeout: Duration = .seconds(5)
    /// Whether a router makes its peers close a connection that is silent for as long.
    public var heartbeatBindsPeers = true
    /// Whether to queue messages only for peers that are connected.
    ///
    /// Otherwise messages sent while a peer is away arrive, long stale, after its return.
    public var queuesOnlyWhenConnected = true
    /// The keys of both ends of a connection; nil for no encryption, with any peer.
    public var encryption: Encryption?
    /// How soon to dial again after a connection broke or was refused.
    public var reconnectInterval: Duration = .milliseconds(100)
    /// The limit up to which the reconnect interval doubles with each failure, or nil to keep it.
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
            // By default the system tries a silent machine for two minutes, ever more rarely: one that
            // has come back would wait for a minute. Four seconds allow two repetitions.
            (ZMQ_CONNECT_TIMEOUT, Duration.seconds(4).milliseconds),
            (ZMQ_IMMEDIATE, queuesOnlyWhenConnected ? 1 : 0),
            // If the backlog is full, a peer's system retries ever more rarely.
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
    /// Whole milliseconds, rounded up so that no wait is too short or, for 0.1 ms, left out.
    var milliseconds: Int32 {
        let millisecond: Int64 = 1_000_000_000_000_000  // in attoseconds
        let (seconds, attoseconds) = Swift.max(self, .zero).components
        let whole = Swift.min(seconds, Int64(Int32.max)) * 1000
        return Int32(clamping: whole + (attoseconds + millisecond - 1) / millisecond)
    }
}
