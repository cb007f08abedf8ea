import FoundationEssentials

/// A `tern monitor` at a port that the system picks, and its answers.
struct Monitor {
    let process: TernProcess
    /// The address that it listens at, such as `127.0.0.1:40000`.
    let address: String
    /// The printed link, with the token if there is one.
    let link: String

    /// Starts a monitor, and waits until it listens.
    init(_ path: String, listen: String = "127.0.0.1:0", _ options: String...) async throws {
        try await self.init(in: start(["monitor", path, "--listen", listen] + options))
    }

    /// The monitor in a process, or the one that it started beside a run.
    init(in process: TernProcess) async throws {
        self.process = process
        let line = try await process.line("showing ")
        link = String(line.split(separator: " ").last ?? "")
        let host = link.split(separator: "/").dropFirst().first ?? ""
        // 0.0.0.0 means all addresses, and cannot be connected to.
        address = String(host.replacing("0.0.0.0", with: "127.0.0.1"))
    }

    /// The answer to a request.
    func get(_ target: String, _ options: String...) async throws -> WebAnswer {
        try await WebAnswer("http://\(address)\(target)", options)
    }

    /// The JSON object at an address, by default `/status.json` of the only run.
    func status(_ target: String = "/status.json") async throws -> Status {
        try JSONDecoder().decode(Status.self, from: Data(try await get(target).body.utf8))
    }

    /// Waits until a run is in a state, and returns its status.
    @discardableResult
    func state(_ state: String, at target: String = "/status.json") async throws -> Status {
        let limit = ContinuousClock.now + patience
        while true {
            let status = try await status(target)
            if status.state == state { return status }
            guard .now < limit else {
                throw TestFailure(description: "waited in vain for \(state): \(status)")
            }
        }
    }
}

/// The fields that tests read of a run's `/status.json`, and of the output of `tern top` and `tern runs`.
struct Status: Decodable {
    /// A worker of the run.
    struct Worker: Decodable {
        let name: String
        let state: String
    }

    let run: String
    let state: String
    let step: Int
    let totalSteps: Int?
    let testAccuracy: Double?
    let bound: String?
    let members: Int
    let workers: [Worker]
    let weights: String?

    enum CodingKeys: String, CodingKey {
        case run, state, step, bound, members, workers, weights
        case totalSteps = "total_steps"
        case testAccuracy = "test_accuracy"
    }
}
