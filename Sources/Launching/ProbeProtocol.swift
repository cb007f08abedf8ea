/// The protocol between `tern probe` and `tern probe --serve` over TCP.
///
///     probe:   tern-probe-1 TOKEN\n
///     server:  tern-probe-1\n
///
/// The probe then sends any number of `p`, each echoed by the server, and finally one of these:
///
///     u  then any bytes: the server repeatedly reports the bytes received, as two big-endian 64-bit
///        numbers: over this connection, and over all
///     d  the server sends noise
///
/// The probe closes the connection.
enum ProbeProtocol {
    /// The greeting of a probe.
    static func greeting(_ token: ProbeToken) -> [UInt8] { heading + Array("\(token.text)\n".utf8) }

    /// The public part of the greeting.
    static let heading = Array("tern-probe-1 ".utf8)

    /// The server's answer to a valid greeting.
    static let answer = Array("tern-probe-1\n".utf8)

    /// The requests of a probe.
    enum Request: UInt8 {
        case echo = 0x70
        case upload = 0x75
        case download = 0x64
    }

    /// Random bytes, which no tunnel on the route can compress.
    static let noise: [UInt8] = {
        var generator = SystemRandomNumberGenerator()
        return (0..<1 << 13).flatMap { _ in
            withUnsafeBytes(of: generator.next()) { Array($0) }
        }
    }()
}

/// The server's report during an upload.
struct UploadReport: Equatable {
    /// The encoded size, in bytes.
    static let size = 16

    /// The bytes received over this connection.
    let own: UInt64
    /// The bytes received over all connections.
    let all: UInt64

    /// A report with these counts.
    init(own: UInt64, all: UInt64) {
        self.own = own
        self.all = all
    }

    /// Reads the bytes of a report.
    init(_ bytes: some Collection<UInt8>) {
        func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
            bytes.reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(own: number(bytes.prefix(8)), all: number(bytes.dropFirst(8)))
    }

    /// The encoded report.
    var bytes: [UInt8] {
        [own, all].flatMap { number in withUnsafeBytes(of: number.bigEndian) { Array($0) } }
    }
}
