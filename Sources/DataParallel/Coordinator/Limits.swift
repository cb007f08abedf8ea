import Protocol
import ZeroMQ

/// The limits on a coordinator's memory, whatever peers send.
///
/// The coordinator holds the run itself: data set, weights, the optimizer's state, the sums of one step. In
/// addition:
///
/// - Unread messages: of each member the sums that it was asked for and a few other messages, see
///   ``unreadBytes(sums:parameterCount:)``, and ``unreadOfStrangers``. Empty frames cost up to 32 times as
///   much: k members that were asked for no sums take 2.2 MB * k. Unread bytes are counted every ``interval``,
///   so add what libzmq can receive meanwhile from anybody: 50 MB at 1 GB/s. Messages left by closed
///   connections are dropped faster than they arrive: see ``Coordinator/nextMessage(of:)``. Over ipc the system
///   does not report what has arrived; only ``Accounts`` bounds a peer there.
/// - Of each member one sum that arrives in blocks, as far as it has arrived: see ``PayloadAssembly``.
/// - Messages waiting to be sent: ``SocketOptions/sendHighWaterMark`` and ``mostWaiting`` for each member, each
///   of at most ``shardPartBytes`` (or an example, if larger) except the weights, which all members share.
/// - About 50 KB for each of ``SocketOptions/maximumConnectionCount`` connections.
///
/// Connections use at most half of the descriptors that the system allows, because a run that cannot open its
/// files would end.
///
/// The log grows by at most a few lines a second: see ``CoordinatorMachine/drop(_:_:)`` and ``Admission``.
package enum Limits {
    /// The most unanswered work messages of one step for each member.
    ///
    /// A member with this many gets no more until it answers one, and requests made at the same time share one
    /// message. So the limit depends neither on shards, workers or audits, nor on who joins or leaves.
    package static let mostRequests = 3
    /// The most unread messages of a member that reads.
    ///
    /// They are the work of a step and of one that was cancelled, a welcome, an assignment, a part of a shard,
    /// and a last message. A member requests a part after it reads the one before, and pings are left out if
    /// there is no room.
    package static let mostUnread = 2 * mostRequests + 4
    /// The length of a member's queue.
    ///
    /// libzmq reports what a peer has taken half a queue at a time, so a queue twice as long always has room
    /// for ``mostUnread``.
    package static let sendMark = 2 * mostUnread
    /// The length to add to a queue for blocks, of which it has at most half as many, for the same reason.
    package static let markForBlocks = 2 * BlockWindow.mostBlocks
    /// The most messages that wait for a peer whose queue is full; a peer that needs more is cut off.
    static let mostWaiting = mostUnread

    /// The most sums that answer a range of slots: those of the fewest nodes that cover it, at most two per
    /// level of the tree.
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

    /// The bytes that may be unread from a member that was asked for `sums` sums.
    static func unreadBytes(sums: Int, parameterCount: Int) -> Int {
        // A sum has a header with at most 8 bytes a lane, and each frame adds a few bytes. All other messages
        // are control headers; a report of resident data may be as long as any header.
        sums * (bytesOnWire(parameterCount: parameterCount) + 256 + 8 * WorkTiming.mostLanes)
            + 8 * (maximumControlSize + 256) + maximumHeaderSize
    }

    /// The bytes of a payload, with the headers of its blocks.
    static func bytesOnWire(parameterCount: Int) -> Int {
        4 * parameterCount + 256 * PayloadSizes.standard.mostBlocks(of: 4 * parameterCount)
    }

    /// The bytes that may be unread from a worker's coordinator.
    ///
    /// They are the weights of a step, of one that was cancelled and of one more, the examples that the worker
    /// requested, and a megabyte of headers: ten of the largest, or some thousand pings.
    ///
    /// - Parameter parameterCount: 0 before the welcome.
    static func unreadBytes(ofCoordinator parameterCount: Int, exampleByteCount: Int) -> Int {
        3 * bytesOnWire(parameterCount: parameterCount)
            + 2 * max(shardPartBytes, exampleByteCount) + (1 << 20)
    }

    /// The bytes that may be unread from all strangers, who send only a short hello each.
    ///
    /// A dropped worker whose late sums are larger reconnects.
    static let unreadOfStrangers = 1 << 20
    /// How often unread bytes are counted: a fast network delivers a gigabyte a second.
    static let interval = Duration.milliseconds(50)
    /// The size of a shard part: small relative to a coordinator's memory, large relative to a message's cost.
    static let shardPartBytes = 1 << 18
    /// The size from which sending two messages at once pays off.
    static let largeMessage = 1 << 16

    /// The most members: those without a shard stand by, and a few of these are enough.
    package static func mostMembers(shards: Int) -> Int { max(64, 2 * shards) }

    /// The most connections of a process that may have so many descriptors.
    package static func connections(descriptors: Int) -> Int {
        min(SocketOptions().maximumConnectionCount, descriptors / 2)
    }

    /// The options of a socket that receives sums of `parameterCount` gradients.
    ///
    /// - Parameters:
    ///   - timeout: how long a connection may be silent.
    ///   - descriptors: how many the process may have.
    static func socketOptions(
        parameterCount: Int, timeout: Duration, descriptors: Int
    ) -> SocketOptions {
        var options = SocketOptions()
        options.maximumConnectionCount = connections(descriptors: descriptors)
        let isInBlocks = 4 * parameterCount > largestWholePayload
        options.sendHighWaterMark = sendMark + (isInBlocks ? markForBlocks : 0)
        options.heartbeatInterval = min(.seconds(1), timeout / 4)
        options.heartbeatTimeout = timeout
        // A header, which is at most 64 KiB, and gradients or a block of them.
        options.maximumMessageSize = min(4 * parameterCount, largestBlock) + (1 << 17)
        return options
    }
}
