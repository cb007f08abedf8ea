/// A worker's description of itself.
public struct WorkerDescription: Sendable, Equatable {
    /// Host and process, such as `node3:4711`.
    public var name: String
    /// The address that it connects from; nil on a local socket.
    public var address: String?
    /// The number of its lanes.
    public var lanes: Int
    /// The instruction set of its kernels.
    public var kernels: String

    /// Makes a worker's description.
    public init(name: String, address: String?, lanes: Int, kernels: String) {
        self.name = name
        self.address = address
        self.lanes = lanes
        self.kernels = kernels
    }
}
