import Keys
import ZeroMQ

/// Decides who may join a coordinator: the holders of credentials on its list.
///
/// A list beside the key is read again when it changes.
public struct Door: Sendable {
    /// How often the list's file is checked.
    static let interval = Duration.milliseconds(100)

    /// The coordinator's key.
    public let key: CoordinatorKey
    /// How many workers the list named at the start.
    public let workerCount: Int
    let keeper: Gatekeeper
    /// Watches the list beside the key; nil if the key itself holds the list.
    let watch: AllowListWatch?

    /// The door of a coordinator with a key.
    ///
    /// - Throws: ``KeyError`` if the list cannot be used.
    public init(_ key: CoordinatorKey) throws(KeyError) {
        self.key = key
        let list: AllowList
        if let workers = key.workers {
            (list, watch) = (workers, nil)
        } else {
            let watch = try AllowListWatch(path: key.listPath)
            (list, self.watch) = (watch.list, watch)
        }
        workerCount = list.workers.count
        keeper = Gatekeeper(list)
    }

    var encryption: Encryption { key.encryption(keeper.gate) }
}
