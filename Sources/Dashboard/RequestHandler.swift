import NIOCore
import NIOHTTP1

/// Answers one connection's requests, each within a time limit, and sends its streams.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let routes: Routes
    private let connections: Connections
    private var head: HTTPRequestHead?
    private var bodySize = 0
    private var deadline: Scheduled<Void>?
    private var heartbeat: RepeatedTask?
    /// The number of this connection's stream.
    private var stream: Int?
    private var isClosed = false

    /// The time limit for a complete request, and for sending a response.
    private static let patience = TimeAmount.seconds(10)
    private static let longestBody = 1 << 16

    init(_ routes: Routes, _ connections: Connections) {
        self.routes = routes
        self.connections = connections
    }

    // MARK: - The connection

    func channelActive(context: ChannelHandlerContext) {
        guard connections.add(context.channel) else { return context.close(promise: nil) }
        limitTime(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        deadline?.cancel()
        heartbeat?.cancel()
        connections.remove(context.channel)
        if let stream {
            let library = routes.library
            Task { await library.unsubscribe(stream) }
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Closes the connection unless the next step completes in time.
    private func limitTime(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    // MARK: - Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            (self.head, bodySize) = (head, 0)
        case .body(let part):
            // No supported request has a body.
            bodySize += part.readableBytes
            if bodySize > Self.longestBody { context.close(promise: nil) }
        case .end:
            guard let head else { return }
            self.head = nil
            connections.set(context.channel, isIdle: false)
            limitTime(context)
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let (routes, loop) = (routes, context.eventLoop)
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        Task {
            let answer = await routes.answer(to: head)
            loop.execute {
                let (handler, context) = bound.value
                handler.send(answer, to: head, context)
            }
        }
    }

    private func send(_ answer: Answer, to head: HTTPRequestHead, _ context: ChannelHandlerContext)
    {
        guard !isClosed else { return }
        let isKept = head.isKeepAlive && answer.stream == nil
        let response = HTTPResponseHead(
            version: head.version, status: answer.status, headers: answer.allHeaders(isKept: isKept)
        )
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if let subject = answer.stream, head.method == .GET {
            context.flush()
            return begin(subject, context)
        }
        // A HEAD response has the content length but no body.
        if head.method != .HEAD {
            context.write(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        }
        let gone = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        gone.futureResult.whenComplete { _ in
            let (handler, context) = bound.value
            guard !handler.isClosed else { return }
            guard isKept else { return context.close(promise: nil) }
            handler.connections.set(context.channel, isIdle: true)
            handler.limitTime(context)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: gone)
    }

    // MARK: - Streams

    /// Starts to send server-sent events (WHATWG HTML, section 9.2).
    private func begin(_ subject: RunLibrary.Subject, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let (channel, loop, library) = (context.channel, context.eventLoop, routes.library)
        let subscriber = RunLibrary.Subscriber(
            isReady: { channel.isWritable },
            send: { parts in Self.write("data: \(parts)\n\n", to: channel) },
            end: { channel.close(promise: nil) })
        // Writing reveals a reader that is gone without closing the connection.
        heartbeat = loop.scheduleRepeatedTask(initialDelay: .seconds(15), delay: .seconds(15)) {
            _ in
            if channel.isWritable { Self.write(": still here\n\n", to: channel) }
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        Task {
            let stream = await library.subscribe(to: subject, subscriber)
            loop.execute {
                let handler = bound.value
                guard let stream else { return channel.close(promise: nil) }
                if handler.isClosed {
                    Task { await library.unsubscribe(stream) }
                } else {
                    handler.stream = stream
                }
            }
        }
    }

    private static func write(_ text: String, to channel: any Channel) {
        let part = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text)))
        channel.writeAndFlush(part, promise: nil)
    }
}
