import Protocol
import ZeroMQ

/// What bounds a coordinator's memory, whoever dials it.
///
/// It holds the run itself: data set, weights, the optimizer's state, the sums of one step. Beside it:
///
/// - What has come and is unread: of each member the sums that it was asked for and a few other
///   messages, see ``unreadBytes(sums:parameterCount:)``, and ``unreadOfStrangers``, up to 32 times over
///   where frames are empty: of k members that were asked for no sums 2.2 MB * k. It is looked at every
///   ``interval``, so add what libzmq can take in meanwhile, whoever sends it: 50 MB at 1 GB/s. What is
///   left of connections that have ended is dropped faster than it comes: see
///   ``Coordinator/nextMessage(of:)``. Over ipc the system does not tell what has come; a peer there is
///   bounded by what it may say alone, see ``Accounts``.
/// - What waits to be sent: ``SocketOptions/sendHighWaterMark`` and ``mostWaiting`` messages for each
///   member, of at most ``shardPartBytes`` (or an example, if that is larger) where they are not the
///   weights, which all share.
/// - About 50 KB for each of ``SocketOptions/maximumConnectionCount`` connections.
///
/// Connections take half of the descriptors that the system allows at most: a run whose files cannot be
/// opened would end.
///
/// The log grows by a few lines a second at most: see ``CoordinatorMachine/drop(_:_:)`` and
/// ``Admission``.
package enum Limits {
    /// The most messages with work of one step that a member has not answered.
    ///
    /// A member with so many is asked for no more until it has answered one, and what happens at once
    /// asks for all that it asks for in one message. So this depends on neither shards nor workers, nor
    /// on what is audited, nor on who comes and goes.
    package static let mostRequests = 3
    /// The most messages that a member which reads can have unread.
    ///
    /// They are the work of a step and of one that it was let off, a welcome, an assignment, a part of a
    /// shard, and a last word. It asks for a part when it has read the one before, and pings are left
    /// out where there is no room.
    package static let mostUnread = 2 * mostRequests + 4
    /// The length of a member's queue.
    ///
    /// libzmq tells of what a peer has taken half a queue at a time: in twice as much there is always
    /// room for ``mostUnread``.
    package static let sendMark = 2 * mostUnread
    /// The most messages that wait for a peer whose queue is full; one that asks for more is cut off.
    static let mostWaiting = mostUnread

    /// The most sums with which a member answers for a range of slots: those of the fewest nodes that
    /// hold it, at most two a level of the tree.
    ///
    /// So a member owes a step at most as many sums as there are shards.
    package static func mostSums(of range: Range<Int>, shards: Int) -> Int {
        var (first, count) = (range.lowerBound, 0)
        while first < range.upperBound {
            let aligned = first == 0 ? shards : 1 << first.trailingZeroBitCount
            var size = aligned
            while size > range.upperBound - first { size /= 2 }
            first += size
            count += 1
        }
        return count
    }

    /// The bytes that may come unread from a member that was asked for `sums` sums.
    static func unreadBytes(sums: Int, parameterCount: Int) -> Int {
        // A sum has a header with 8 bytes a lane at most, and each frame a few bytes more; all else is control
        // headers, of which one that says that data is here may be as long as any.
        sums * (4 * parameterCount + 256 + 8 * WorkTiming.mostLanes)
            + 8 * (maximumControlSize + 256) + maximumHeaderSize
    }

    /// The bytes that may come unread from the coordinator of a worker: the weights of a step, of one that it
    /// was let off and of one more, the examples it asked for, and a megabyte of headers, which is ten of
    /// the largest and some thousand pings.
    ///
    /// - Parameter parameterCount: 0 for a worker that was not welcomed.
    static func unreadBytes(ofCoordinator parameterCount: Int, exampleByteCount: Int) -> Int {
        3 * 4 * parameterCount + 2 * max(shardPartBytes, exampleByteCount) + (1 << 20)
    }

    /// Strangers have nothing to say but a short hello each.
    ///
    /// A worker that was dropped, and whose late sums are larger, dials again.
    static let unreadOfStrangers = 1 << 20
    /// How often unread bytes are counted: a network brings a gigabyte in a second.
    static let interval = Duration.milliseconds(50)
    /// Small beside a coordinator's memory, large beside a message's cost.
    static let shardPartBytes = 1 << 18
    /// From this many bytes on it pays to send two messages at once.
    static let largeMessage = 1 << 16

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
        options.sendHighWaterMark = sendMark
        options.heartbeatInterval = min(.seconds(1), timeout / 4)
        options.heartbeatTimeout = timeout
        // A header, which is at most 64 KiB, or gradients.
        options.maximumMessageSize = 4 * parameterCount + (1 << 17)
        return options
    }
}
