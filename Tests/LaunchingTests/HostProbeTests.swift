import Launching
import Testing

@Suite("The probe of a host") struct HostProbeTests {
    private let probe = HostProbe(
        version: "0.1.0", protocolVersion: 8, host: "node1", architecture: "x86_64",
        processor: "AMD EPYC 9654", processors: 8,
        lane: .found(LaneRate(kernels: "avx512", operationsPerSecond: 1.5e11)),
        memory: 16_000_000_000, folderSpace: 5_000_000_000, temporarySpace: 4_000_000_000,
        clock: 1_790_000_000.5,
        routes: [
            Route(
                endpoint: "tcp://10.0.0.5:5555",
                speed: .found(
                    RouteSpeed(
                        roundTrip: 0.00025,
                        bandwidth: Bandwidth(upload: 1e8, uploadOfAll: 1.5e8, download: 1.25e8)))),
            Route(
                endpoint: "tcp://[2001:db8::5]:5555", speed: .found(RouteSpeed(roundTrip: 0.5))),
            Route(endpoint: "tcp://192.0.2.1:5555", speed: .failed("no answer")),
        ])

    private let line = """
        {"architecture":"x86_64","clock":1790000000.5,"folder_space":5000000000,"host":"node1",\
        "lane":{"found":{"kernels":"avx512","operations_per_second":150000000000}},\
        "memory":16000000000,"processor":"AMD EPYC 9654","processors":8,"protocol_version":8,\
        "routes":[{"endpoint":"tcp://10.0.0.5:5555","speed":{"found":{"bandwidth":\
        {"download":125000000,"upload":100000000,"upload_of_all":150000000},"round_trip":0.00025}}},\
        {"endpoint":"tcp://[2001:db8::5]:5555","speed":{"found":{"round_trip":0.5}}},\
        {"endpoint":"tcp://192.0.2.1:5555","speed":{"failed":"no answer"}}],\
        "temporary_space":4000000000,"version":"0.1.0"}
        """

    @Test("is one line of JSON with a fixed form")
    func form() { #expect(probe.line == line) }

    @Test("is read from its line")
    func readBack() {
        #expect(HostProbe(parsing: line) == probe)
        var other = probe
        other.lane = .failed("this processor lacks instructions")
        other.routes = []
        #expect(HostProbe(parsing: other.line) == other)
    }

    @Test(
        "is rejected if a number is out of range or a part is missing",
        arguments: [
            ("\"processors\":8", "\"processors\":0"),
            ("\"memory\":16000000000", "\"memory\":-1"),
            ("\"clock\":1790000000.5", "\"clock\":1e300"),
            ("\"round_trip\":0.00025", "\"round_trip\":-1"),
            ("\"upload\":100000000", "\"upload\":1e16"),
            ("\"host\":\"node1\",", ""),
            ("\"failed\":\"no answer\"", ""),
            ("\"lane\":{", "\"lane\":["),
        ])
    func refused(part: String, replacement: String) {
        #expect(line.contains(part))
        #expect(HostProbe(parsing: line.replacing(part, with: replacement)) == nil)
    }

    @Test("shows no control characters from a hostile host")
    func hostile() throws {
        let hostile = line.replacing("node1", with: #"a\u001b[2J"#)
            .replacing("AMD EPYC 9654", with: #"b\u001b]0;x\u0007"#)
            .replacing("no answer", with: #"c\nd"#)
        let probe = try #require(HostProbe(parsing: hostile))
        #expect(probe.host == "a__2J")
        #expect(probe.processor == "b?]0;x?")
        #expect(probe.routes.last?.speed == .failed("c?d"))
    }
}

@Suite("A probe's token") struct ProbeTokenTests {
    @Test("is a line of 32 to 128 hexadecimal digits, and so is a new one")
    func form() {
        for count in [31, 129] {
            #expect(ProbeToken(String(repeating: "a", count: count)) == nil)
        }
        #expect(ProbeToken(String(repeating: "0F", count: 16)) != nil)
        #expect(ProbeToken(String(repeating: "g", count: 32)) == nil)
        #expect(ProbeToken(String(repeating: "\u{661}", count: 32)) == nil)
        let token = ProbeToken.random()
        #expect(ProbeToken(token.text) == token)
        #expect(ProbeToken.random() != token)
    }
}
