import ZeroMQ

/// What bounds a coordinator's memory, whoever dials it.
///
/// It holds the run itself: data set, weights, the optimizer's state, the sums of one step. Beside it:
///
/// - What has come and is unread: ``unreadBytes`` for all connections together, and one message for
///   each member, whose sums may be larger than all that. It is looked at every ``interval``, so add
///   what the network brings in that time.
/// - What waits to be sent: ``SocketOptions/sendHighWaterMark`` messages for each member, of at most
///   ``shardPartBytes`` (or an example, if that is larger) where they are not the weights, which all
///   share. A member whose queue is full is cut off.
/// - About 50 KB for each of ``SocketOptions/maximumConnectionCount`` connections.
///
/// Connections take half of the descriptors that the system allows at most: a run whose files cannot be
/// opened would end.
///
/// The log grows by a few lines a second at most: see ``CoordinatorMachine/drop(_:_:)`` and
/// ``Admission``.
enum Limits {
    /// Gradients that are on their way take no more than this in a run of ordinary size.
    static let unreadBytes = 256 << 20
    /// How often unread bytes are counted: a network brings a gigabyte in a second.
    static let interval = Duration.milliseconds(50)
    /// Small beside a coordinator's memory, large beside a message's cost.
    static let shardPartBytes = 1 << 18
    /// From this many bytes on it pays to send two messages at once.
    static let largeMessage = 1 << 16
    /// Longer words of a peer are cut short before they are told.
    static let nameLength = 200

    /// The options of a socket at which sums of `parameterCount` gradients arrive.
    ///
    /// - Parameters:
    ///   - timeout: how long a connection may be silent.
    ///   - descriptors: how many the process may have.
    static func socketOptions(
        parameterCount: Int, timeout: Duration, descriptors: Int
    ) -> SocketOptions {
        var options = SocketOptions()
        options.maximumConnectionCount = min(options.maximumConnectionCount, descriptors / 2)
        options.heartbeatInterval = min(.seconds(1), timeout / 4)
        options.heartbeatTimeout = timeout
        // A header, which is at most 64 KiB, or gradients; encryption adds some bytes.
        options.maximumMessageSize = 4 * parameterCount + (1 << 17)
        // Low enough to hold back a flood of small messages, and high enough to be hard to reach: at
        // the limit libzmq 4.3.4 stops to read, and if the peer then hangs up, the next heartbeat ends
        // this process with "Assertion failed: !_io_error" (zeromq/libzmq#4364).
        options.receiveHighWaterMark = 256
        return options
    }
}
