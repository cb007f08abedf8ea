import Launching
import Logging

/// Updates a run's workers when the list of its machines changes.
struct HostChange {
    private let supervisor: WorkerSupervisor
    private let logger: Logger
    /// The hosts on which workers were started, by name.
    private var started: [String: Host]
    /// The last reported error of the list.
    private var complaint = ""

    /// A run that has started on some hosts.
    init(of hosts: [Host], _ supervisor: WorkerSupervisor, _ logger: Logger) {
        self.supervisor = supervisor
        self.logger = logger
        started = Dictionary(uniqueKeysWithValues: hosts.map { ("\($0)", $0) })
    }

    /// Starts workers on new hosts, and stops workers on hosts that were removed or changed.
    mutating func apply(
        _ result: Result<HostList, any Error>, _ worker: (Host) -> HostWorker
    ) async {
        let hosts: [Host]
        do {
            hosts = try result.get().hosts
            complaint = ""
        } catch {
            if "\(error)" != complaint {
                logger.warning("the machines stay as they are: \(error)")
                complaint = "\(error)"
            }
            return
        }
        let wanted = Dictionary(uniqueKeysWithValues: hosts.map { ("\($0)", $0) })
        for (name, host) in started where wanted[name] != host {
            logger.info("\(name) is not named any more: its worker ends")
            started[name] = nil
            await supervisor.stop(name)
        }
        let running = await supervisor.names
        // A worker whose host was changed must end first.
        for host in hosts where started["\(host)"] == nil && !running.contains("\(host)") {
            logger.info("\(host) is new: starting a worker there")
            started["\(host)"] = host
            do {
                try await supervisor.start(worker(host))
            } catch {
                logger.warning("\(host): \(error)")
            }
        }
    }
}
