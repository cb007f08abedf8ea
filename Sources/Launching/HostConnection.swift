import Files
import FoundationEssentials
import Glibc
import Monitoring
import Subprocess
import ZeroMQ

/// A login on a host, where the script `host.sh` waits for commands.
public final class HostConnection: Sendable {
    private struct State {
        /// The script's answers that nobody has read yet.
        var answers: [Substring] = []
        /// The task that waits for an answer.
        var waiter: CheckedContinuation<Void, Never>?
        /// The last line before the program's start that was not an answer.
        var words = ""
        /// The output has ended.
        var isClosed = false
        /// The program runs, and its lines are passed on.
        var isRunning = false
        /// The connection was killed because the host did not answer in time.
        var hasExpired = false
    }

    private let writer: StandardInputWriter
    private let pid: pid_t
    private let said: @Sendable (String) -> Void
    private let state = Locked(State())

    /// The prefix of the script's own lines.
    private static let mark = "tern-host "
    /// The answer after which the program's own lines follow.
    private static let running = "running"
    /// The timeout of each answer.
    static let patience = Duration.seconds(9)
    private static let chunk = 1 << 18

    init(
        _ writer: StandardInputWriter, pid: pid_t, said: @escaping @Sendable (String) -> Void
    ) {
        (self.writer, self.pid, self.said) = (writer, pid, said)
    }

    // MARK: - Output of the host

    /// Handles a line from the host.
    func hear(_ line: String) {
        // ssh ends its own lines with a carriage return.
        let line = line.hasSuffix("\r") ? String(line.dropLast()) : line
        let isWord = state.withLock { state in
            if line.hasPrefix(Self.mark) {
                let answer = line.dropFirst(Self.mark.count)
                state.answers.append(answer)
                // The next line may already be the program's.
                if answer == Self.running { state.isRunning = true }
                wake(&state)
                return false
            }
            guard !state.isRunning else { return true }
            if !line.isEmpty { state.words = line }
            return false
        }
        if isWord { said(line) }
    }

    /// Notes the end of the output.
    func close() {
        state.withLock { state in
            state.isClosed = true
            wake(&state)
        }
    }

    private func wake(_ state: inout State) {
        state.waiter?.resume()
        state.waiter = nil
    }

    /// Waits for the script's next line; nil if the connection ends first.
    private func next() async -> [Substring]? {
        while true {
            let (answer, isOver) = state.withLock { state in
                (state.answers.isEmpty ? nil : state.answers.removeFirst(), state.isClosed)
            }
            if let answer { return answer.split(separator: " ", maxSplits: 1) }
            if isOver { return nil }
            await withCheckedContinuation { waiter in
                state.withLock { state in
                    if state.answers.isEmpty, !state.isClosed {
                        state.waiter = waiter
                    } else {
                        waiter.resume()
                    }
                }
            }
        }
    }

    /// Waits for an answer that begins with one of the expected words, and returns the rest.
    ///
    /// - Throws: ``HostError`` if another answer comes, or none in time.
    private func answer(_ expected: String...) async throws(HostError) -> Substring {
        let timer = expire()
        defer { timer.cancel() }
        guard let answer = await next() else { throw ending }
        let word = String(answer.first ?? "")
        guard word != "error" else { throw .refused(String(answer.last ?? "")) }
        guard expected.contains(word) else { throw .disconnected("it answered '\(word)'") }
        return expected.count > 1 ? answer[0] : answer.dropFirst().first ?? ""
    }

    /// Kills the connection after the timeout, unless the task is cancelled.
    private func expire() -> Task<Void, Never> {
        Task {
            guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
            state.withLock { $0.hasExpired = true }
            kill(pid, SIGKILL)
        }
    }

    // MARK: - Commands to the host

    /// Sends the script, and returns the host's architecture and the address the login comes from.
    ///
    /// - Throws: ``HostError``
    public func open() async throws(HostError) -> (architecture: String, client: String) {
        let script = PackageResources.host_sh
        try await send(Array("\(script.count)\n".utf8) + script)
        let machine = try await answer("machine").split(separator: " ")
        guard machine.count == 2, machine[0] == "Linux" else {
            throw .notLinux(machine.joined(separator: " "))
        }
        return (String(machine[1]), String(try await answer("client")))
    }

    /// Copies a program to the host unless it is already there.
    ///
    /// - Throws: ``HostError``
    public func bring(_ program: RemoteProgram) async throws(HostError) {
        try await send("program \(program.digest)")
        guard try await answer("here", "missing") == "missing" else { return }
        for file in program.files {
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try Files.read(file.path)
            } catch {
                throw .refused("cannot read \(file.path) here: \(error.reason)")
            }
            try await send("file \(file.name) \(bytes.count)")
            for start in stride(from: 0, to: bytes.count, by: Self.chunk) {
                try await send(Array(bytes[start..<min(start + Self.chunk, bytes.count)]))
            }
        }
        try await send("ready")
        _ = try await answer("here")
    }

    /// Runs `tern probe` on the host and returns the line that it prints.
    ///
    /// - Parameters:
    ///   - arguments: the arguments of `tern probe`.
    ///   - line: its standard input.
    /// - Throws: ``HostError``
    public func probe(_ arguments: [String], line: String) async throws(HostError) -> String {
        try await send("probe \(Self.words(arguments))")
        try await send(line)
        return String(try await answer("probe"))
    }

    /// Starts the program on the host, and waits until it has ended.
    ///
    /// A program with the same identity from an earlier login is killed first.
    /// - Parameters:
    ///   - identity: unique among the programs of this launch and of others.
    ///   - arguments: the arguments of `tern`.
    ///   - line: the first line of its standard input, which then stays open until ``end()``.
    /// - Returns: its exit status, or 128 and the number of the signal that killed it; nil if the
    ///   connection ended first.
    /// - Throws: ``HostError``
    public func runProgram(
        _ identity: String, _ arguments: [String], line: String
    ) async throws(HostError) -> Int32? {
        try await send("run \(Self.words([identity] + arguments))")
        try await send(line)
        _ = try await answer(Self.running)
        guard let end = await next() else { return nil }
        return end.first == "ended" ? end.last.flatMap { Int32($0) } : nil
    }

    /// Ends the program on the host, and the connection.
    public func end() {
        Task { await finish() }
    }

    func finish() async { try? await writer.finish() }

    private func send(_ line: String) async throws(HostError) {
        try await send(Array("\(line)\n".utf8))
    }

    private func send(_ bytes: [UInt8]) async throws(HostError) {
        let timer = expire()
        defer { timer.cancel() }
        do throws(SubprocessError) {
            _ = try await writer.write(bytes)
        } catch {
            // The connection has ended; the host's last answer may give the reason.
            while let answer = await next() {
                if answer.first == "error" { throw .refused(String(answer.last ?? "")) }
            }
            throw ending
        }
    }

    /// Why the connection has ended.
    private var ending: HostError {
        let (words, hasExpired) = state.withLock { ($0.words, $0.hasExpired) }
        return hasExpired ? .silent(Self.patience) : .disconnected(words)
    }

    /// Arguments quoted for the host's shell, on one line.
    private static func words(_ arguments: [String]) -> String {
        arguments.map(shellWord).joined(separator: " ")
    }
}

/// Why a host cannot be used.
public enum HostError: Error, Equatable, Sendable, CustomStringConvertible {
    /// ssh could not connect, or the connection ended.
    case disconnected(String)
    /// The host did not answer in time.
    case silent(Duration)
    /// The host's shell could not carry out a command.
    case refused(String)
    /// The host does not run Linux.
    case notLinux(String)
    /// There is no program for the host's processor.
    case noProgram(architecture: String, known: [String])
    /// The host has too little memory for the worker.
    case tooLittleMemory(free: Int, needed: Int, lanes: Int)
    /// The host cannot reach the coordinator's port; a result for each endpoint.
    case noWay(port: UInt16, [String])

    /// What is wrong and what to do, without the host's name.
    public var description: String {
        switch self {
        case .disconnected(let words):
            words.isEmpty ? "the connection ended" : Self.advised(words)
        case .silent(let duration):
            "no answer for \(duration.components.seconds) s: check the machine, and log in by hand"
        case .refused(let reason): reason
        case .notLinux(let system): "it runs \(system), but Tern runs on Linux"
        case .noProgram(let architecture, let known):
            "its processor is \(architecture), but the program is for \(known.joined(separator: ", ")): "
                + "run cluster/bundle on such a machine, and name its folder with --program"
        case .tooLittleMemory(let free, let needed, let lanes):
            "\(free / 1_000_000) MB of memory are free, but a worker with \(lanes) lanes may need "
                + "\(needed / 1_000_000) MB: give it fewer lanes, or end other programs there"
        case .noWay(let port, let ways):
            "port \(port) of the coordinator cannot be reached from there (\(ways.joined(separator: "; "))): "
                + "open it in the firewall, name another address with --address, or use --tunnel"
        }
    }

    /// ssh's message with advice.
    private static func advised(_ words: String) -> String {
        let advice: [(sign: String, advice: String)] = [
            (
                "Permission denied",
                "ssh must log in without a question: add your key there (ssh-copy-id)"
            ),
            ("Host key verification failed", "log in by hand once, and check the host's key"),
            (
                "REMOTE HOST IDENTIFICATION",
                "the host's key has changed: check it, then ssh-keygen -R"
            ),
            ("Could not resolve", "check the name's spelling"),
            ("Connection refused", "check that sshd runs there, and its port"),
            ("timed out", "check that the machine runs, and the firewall"),
            ("No route", "check the network"),
            ("remote port forwarding failed", "check AllowTcpForwarding of its sshd"),
        ]
        guard let known = advice.first(where: { words.contains($0.sign) }) else { return words }
        // Some messages begin with USER@HOST, which the caller names already.
        let name = words.firstRange(of: ": ").flatMap { end in
            words[..<end.lowerBound].contains("@") ? end.upperBound : nil
        }
        let said = words[(name ?? words.startIndex)...]
        return "\(said): \(known.advice)"
    }
}
