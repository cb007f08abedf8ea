import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Serves the runs of a library over HTTP/1.1 (RFC 9112), and only to be read.
///
/// SwiftNIO bounds what a peer can make it hold: the size of a request's head and, by backpressure, what waits to be
/// sent. Time and the number of connections ``RequestHandler`` and ``Connections`` bound.
package struct MonitorServer: Sendable {
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// Why a server cannot listen.
    package struct ListenError: Error, CustomStringConvertible {
        /// One line that says what is wrong and what to do.
        package let description: String
    }

    /// Where it listens, such as `127.0.0.1:8460`, with the port that was chosen.
    package var address: String {
        guard let address = channel.localAddress else { return "?" }
        let host = address.ipAddress ?? "?"
        return "\(host.contains(":") ? "[\(host)]" : host):\(address.port ?? 0)"
    }

    /// Begins to serve.
    ///
    /// - Parameters:
    ///   - host: the address, or a name that has one.
    ///   - port: the port; 0 for any that is free.
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

    /// Ends all connections and the server.
    package func stop() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }
}
