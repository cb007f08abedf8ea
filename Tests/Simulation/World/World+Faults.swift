// The faults of a run, and its calm end.

extension World {
    /// Applies the faults that are due.
    func strike() {
        while let next = faults.last, next.moment <= activity {
            faults.removeLast()
            if strike(next.fault) { count(next.fault) }
            // Long enough for the last fault to take full effect.
            if faults.isEmpty { queue.plan(after: .seconds(45)) { [self] in calm() } }
        }
    }

    /// Applies a fault; false if it has no target.
    private func strike(_ fault: Fault) -> Bool {
        switch fault {
        case .killCoordinator, .stopCoordinator, .interruptCoordinator:
            strikeCoordinator(fault)
        case .slowDisk, .fillDisk, .damageCheckpoint: strikeDisk(fault)
        case .startWorker:
            if let host = pick({ $0.worker?.isAlive != true }) { start(on: host) } else { false }
        default:
            if let host = pick({ $0.worker?.isAlive == true }), let worker = host.worker {
                strike(fault, worker, on: host)
            } else {
                false
            }
        }
    }

    private func pick(_ isMeant: (Host) -> Bool) -> Host? {
        let hosts = hosts.filter(isMeant)
        return hosts.isEmpty ? nil : random.pick(hosts)
    }

    private func start(on host: Host) -> Bool {
        trace("fault", "a worker is started on \(host.name)")
        startWorker(on: host)
        return true
    }

    private func strike(_ fault: Fault, _ worker: WorkerProcess, on host: Host) -> Bool {
        trace("fault", "\(fault) on \(worker.name)")
        switch fault {
        case .killWorker:
            host.restarts = !random.oneIn(3)
            kill(worker)
        case .loseHost:
            worker.end()
            network.refresh()
            workerEnded(worker)
        case .stopWorker(let span): stop(worker, for: span)
        case .hangComputation: host.isComputingForEver = true
        case .slowWorker(let factor, let span):
            host.slowness = factor
            queue.plan(after: span) { host.slowness = 1 }
        case .interruptWorker:
            host.restarts = !random.oneIn(3)
            worker.handle { worker.interrupt() }
        case .cut(let span):
            host.isCut = true
            network.refresh()
            queue.plan(after: span) { [self] in
                trace("fault", "the network of \(host.name) is whole again")
                host.isCut = false
                network.refresh()
            }
        case .reset: network.connection(of: worker)?.reset()
        case .repeatMessages(let span):
            host.isRepeating = true
            queue.plan(after: span) { host.isRepeating = false }
        case .damageMessages(let span):
            host.isDamaging = true
            queue.plan(after: span) { host.isDamaging = false }
        default: return false
        }
        return true
    }

    private func kill(_ worker: WorkerProcess) {
        worker.end()
        network.breakAll(of: worker)
        workerEnded(worker)
    }

    private func strikeCoordinator(_ fault: Fault) -> Bool {
        guard let coordinator, coordinator.isAlive else { return false }
        trace("fault", "\(fault)")
        switch fault {
        case .killCoordinator:
            coordinator.end()
            network.breakAll(of: coordinator)
            queue.plan(after: schedule.restart) { [self] in startCoordinator() }
        case .stopCoordinator(let span): stop(coordinator, for: span)
        default: coordinator.handle { coordinator.interrupt() }
        }
        return true
    }

    private func stop(_ process: VirtualProcess, for span: Duration) {
        process.stop()
        network.refresh()
        queue.plan(after: span) { [self] in resume(process) }
    }

    private func resume(_ process: VirtualProcess?) {
        guard let process, process.isStopped else { return }
        trace("fault", "\(process.name) is continued")
        process.resume()
        network.refresh()
    }

    private func strikeDisk(_ fault: Fault) -> Bool {
        trace("fault", "\(fault)")
        switch fault {
        case .slowDisk(let factor, let span):
            disk.slowness = factor
            queue.plan(after: span) { [disk] in disk.slowness = 1 }
        case .fillDisk(let span):
            disk.isFull = true
            queue.plan(after: span) { [disk] in disk.isFull = false }
        case .damageCheckpoint(let bit): return disk.damageNewest(bit: bit)
        default: return false
        }
        return true
    }

    // MARK: - Rest

    /// Ends all faults; from now on nothing prevents the run's end.
    func calm() {
        guard calmSince == nil else { return }
        calmSince = queue.now
        trace("fault", "all is calm from here on")
        for host in hosts where host.isComputingForEver { host.worker.map(kill) }
        for host in hosts { host.calm() }
        (disk.isFull, disk.slowness) = (false, 1)
        for host in hosts { resume(host.worker) }
        resume(coordinator)
        network.refresh()
        supervise()
    }

    /// Makes sure, again and again, that a coordinator and enough workers run.
    private func supervise() {
        guard !isComplete else { return }
        startCoordinator()
        for host in hosts.prefix(schedule.workers) { startWorker(on: host) }
        queue.plan(after: .seconds(2)) { [self] in supervise() }
    }
}
