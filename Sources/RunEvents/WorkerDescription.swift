/// A worker as it introduced itself.
public struct WorkerDescription: Sendable, Equatable {
    /// Host and process, such as `node3:4711`.
    public var name: String
    /// Where it dials from; nil on a local socket.
    public var address: String?
    /// The lanes it computes on.
    public var lanes: Int
    /// The instruction set of its kernels.
    public var kernels: String

    /// A worker's description.
    public init(name: String, address: String?, lanes: Int, kernels: String) {
        self.name = name
        self.address = address
        self.lanes = lanes
        self.kernels = kernels
    }
}
