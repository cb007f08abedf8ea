/// What `tern probe` and `tern probe --serve` say to each other over TCP.
///
///     probe:   tern-probe-1 TOKEN\n
///     server:  tern-probe-1\n
///
/// Then the probe sends any number of `p`, each of which the server sends back, and at last one of these:
///
///     u  and then anything: again and again, the server tells how many bytes have arrived, in two numbers
///        of 64 bits, most significant byte first: over this connection, and over all
///     d  the server sends noise
///
/// The probe ends the connection.
enum ProbeProtocol {
    /// What a probe begins with.
    static func greeting(_ token: ProbeToken) -> [UInt8] { heading + Array("\(token.text)\n".utf8) }

    /// The part of the greeting that is no secret.
    static let heading = Array("tern-probe-1 ".utf8)

    /// What the server says to a probe that it knows.
    static let answer = Array("tern-probe-1\n".utf8)

    /// What a probe asks for.
    enum Request: UInt8 {
        case echo = 0x70
        case upload = 0x75
        case download = 0x64
    }

    /// Bytes that no tunnel on the way can compress.
    static let noise: [UInt8] = {
        var generator = SystemRandomNumberGenerator()
        return (0..<1 << 13).flatMap { _ in
            withUnsafeBytes(of: generator.next()) { Array($0) }
        }
    }()
}

/// What the server of an upload tells.
struct UploadReport: Equatable {
    /// The bytes that a report takes.
    static let size = 16

    /// The bytes that have arrived over the connection.
    let own: UInt64
    /// The bytes that have arrived over all connections.
    let all: UInt64

    /// A report of so many bytes.
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

    /// The report as it is sent.
    var bytes: [UInt8] {
        [own, all].flatMap { number in withUnsafeBytes(of: number.bigEndian) { Array($0) } }
    }
}
