import ZeroMQ

/// What bounds a coordinator's memory, whoever dials it.
///
/// It holds the run itself: data set, weights, the optimizer's state, the sums of one step. Beside it:
///
/// - What has come and is unread: ``unreadMessages`` of each member, and ``unreadOfStrangers``, up to 32
///   times over where frames are empty. It is looked at every ``interval``, so add what libzmq can take
///   in meanwhile. What is left of connections that have ended is dropped faster than it comes: see
///   ``Coordinator/nextMessage(of:)``.
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
    /// A step's sums are a few messages of a member, where its shards are no whole subtree.
    static let unreadMessages = 8
    /// Strangers have nothing to say but a short hello each.
    ///
    /// A worker that was given up, and whose late sums are larger, dials again.
    static let unreadOfStrangers = 1 << 20
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
        // A header, which is at most 64 KiB, or gradients.
        options.maximumMessageSize = 4 * parameterCount + (1 << 17)
        return options
    }
}
