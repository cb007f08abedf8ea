import Keys
import ZeroMQ

/// Who may join a coordinator: the holders of credentials that its list names.
///
/// A list beside the key is read again when it changes.
public struct Door: Sendable {
    /// How often the list's file is looked at.
    static let interval = Duration.milliseconds(100)

    /// The coordinator's key.
    public let key: CoordinatorKey
    /// How many workers may join, as the list was at the beginning.
    public let workerCount: Int
    let keeper: Gatekeeper
    /// What watches the list beside the key; nil where the key itself says who may join.
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
