import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Serves the runs of a library over HTTP/1.1 (RFC 9112), read-only.
///
/// SwiftNIO bounds the memory that a peer can use: the size of a request's head and, by
/// backpressure, the output queue. ``RequestHandler`` bounds the time, and ``Connections`` the
/// number of connections.
package struct MonitorServer: Sendable {
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// The reason why a server cannot listen.
    package struct ListenError: Error, CustomStringConvertible {
        /// One line that says what is wrong and what to do.
        package let description: String
    }

    /// The address with the actual port, such as `127.0.0.1:8460`.
    package var address: String {
        guard let address = channel.localAddress else { return "?" }
        let host = address.ipAddress ?? "?"
        return "\(host.contains(":") ? "[\(host)]" : host):\(address.port ?? 0)"
    }

    /// Starts the server.
    ///
    /// - Parameters:
    ///   - host: an address, or a name to resolve.
    ///   - port: the port; 0 for any free one.
    /// - Throws: ``ListenError`` if it cannot listen there.
    package init(
        _ library: RunLibrary, access: Access, host: String, port: Int
    ) async throws(ListenError) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let routes = Routes(library: library, access: access)
        let connections = NIOLoopBoundBox.makeBoxSendingValue(Connections(), eventLoop: loop)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(
                        withEncoderConfiguration: .init(),
                        withDecoderLimitConfiguration: Self.limits)
                    try pipeline.addHandler(RequestHandler(routes, connections.value))
                }
            }
        do {
            channel = try await bootstrap.bind(host: host, port: port).get()
        } catch {
            try? await group.shutdownGracefully()
            throw ListenError(description: Self.reason(error, host, port))
        }
        self.group = group
    }

    private static let limits: NIOHTTPDecoderLimitConfiguration = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 8 << 10
        limits.maxHeaderListSize = 16 << 10
        limits.maxHeaderFieldCount = 64
        return limits
    }()

    private static func reason(_ error: any Error, _ host: String, _ port: Int) -> String {
        let place = "\(host):\(port)"
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            return "cannot listen at \(place): the port is in use: choose another"
        case EACCES: return "cannot listen at \(place): the port is below 1024, which needs root"
        case EADDRNOTAVAIL: return "cannot listen at \(place): this machine has no such address"
        default: return "cannot listen at \(place): \(error)"
        }
    }

    /// Closes all connections and stops the server.
    package func stop() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }
}
