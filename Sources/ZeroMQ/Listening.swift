import CZeroMQ

extension Endpoint {
    /// The endpoint of a socket that other processes can reach.
    ///
    /// - Throws: ``SocketError`` that names the malformed part.
    public init(
        betweenProcesses text: String, for operation: SocketError.Operation
    ) throws(SocketError) {
        try self.init(text, for: operation)
        guard transport != .inproc else {
            throw SocketError(
                operation, text, code: EINVAL,
                reason: "unknown transport 'inproc' between processes; \(Self.forms)")
        }
    }

    /// The addresses of the host name to listen on; none if the endpoint has no host name, or names a
    /// network interface.
    ///
    /// - Throws: ``SocketError`` if the name cannot be resolved.
    public func addressesOfName() async throws(SocketError) -> [HostAddress] {
        guard let name, HostAddress.ofThisMachine(interface: name).isEmpty else { return [] }
        switch await NameLookUp.addresses(of: name) {
        case .success(let addresses): return addresses
        case .failure(let unknown):
            throw SocketError(
                .listen, text, code: EADDRNOTAVAIL,
                reason: "\(unknown), and no network interface has it; tcp://*:PORT listens on all "
                    + "addresses of this machine")
        }
    }

    /// The endpoints at which other machines reach a socket that listens at `bound`.
    ///
    /// They are the endpoint itself or, if it stands for several addresses, all of these, and this
    /// machine's name if it has one of them. Addresses valid on one link only, or on this machine, are
    /// left out if there are others.
    public static func dialable(_ bound: String) async -> [String] {
        guard let endpoint = try? Endpoint(bound, for: .listen), endpoint.transport == .tcp else {
            return [bound]
        }
        let candidates: [HostAddress]
        switch endpoint.host {
        case .address(let address) where address.isWildcard:
            candidates = HostAddress.ofThisMachine().filter { address.isIPv6 || !$0.isIPv6 }
        case .name(let name):
            candidates = HostAddress.ofThisMachine(interface: name)
        default: return [bound]
        }
        let addresses = HostAddress.widestReach(of: candidates)
        guard let first = addresses.first else { return [bound] }
        let endpoints = addresses.map { $0.endpoint(port: endpoint.port) }
        guard endpoint.name == nil, !first.isLoopback,
            let name = await NameLookUp.nameOfThisMachine(amongThose: addresses)
        else { return endpoints }
        return endpoints + ["tcp://\(name):\(endpoint.port)"]
    }
}

extension HostAddress {
    /// The addresses that most machines can reach.
    package static func widestReach(of addresses: [HostAddress]) -> [HostAddress] {
        let wide = addresses.filter { !$0.isLoopback && !$0.isLinkLocal }
        guard wide.isEmpty else { return wide }
        let local = addresses.filter { !$0.isLoopback }
        return local.isEmpty ? addresses : local
    }
}

extension NameLookUp {
    /// The name of this machine, if the resolver gives it one of `addresses` within two seconds.
    static func nameOfThisMachine(amongThose addresses: [HostAddress]) async -> String? {
        var text = [CChar](repeating: 0, count: 256)
        guard gethostname(&text, text.count - 1) == 0 else { return nil }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let name = String(decoding: bytes, as: UTF8.self)
        guard (try? Endpoint("tcp://\(name):1", for: .connect))?.name != nil else { return nil }
        let lookUp = NameLookUp(name)
        for _ in 0..<100 where lookUp.result == nil {
            try? await Task.sleep(for: .milliseconds(20))
        }
        guard case .success(let own)? = lookUp.result, own.contains(where: addresses.contains)
        else {
            return nil
        }
        return name
    }
}

extension Socket {
    /// Listens at those of `addresses` that this machine has, all with the same port.
    ///
    /// - Returns: the endpoint, with the chosen port if it left the port open.
    public func bind(
        _ endpoint: Endpoint, at addresses: [HostAddress]
    ) throws(SocketError) -> String {
        guard let name = endpoint.name else { return try bind(endpoint.text) }
        for _ in 0..<10 {
            if let port = try bindOnce(endpoint, at: addresses) { return "tcp://\(name):\(port)" }
        }
        throw SocketError(.listen, endpoint.text, code: EADDRINUSE)
    }

    /// - Returns: the port; nil if the port chosen at the first address is taken at another.
    private func bindOnce(
        _ endpoint: Endpoint, at addresses: [HostAddress]
    ) throws(SocketError) -> UInt16? {
        var port = endpoint.port
        var bound: [String] = []
        for address in addresses {
            do throws(SocketError) {
                let target = address.endpoint(port: port)
                bound.append(try bind(target, of: endpoint, isIPv6: address.isIPv6))
                port = try Endpoint(bound[bound.count - 1], for: .listen).port
            } catch {
                // An address of another machine, or of a family that this one lacks.
                if [EADDRNOTAVAIL, ENODEV, EAFNOSUPPORT].contains(error.code) { continue }
                for target in bound { unbind(target) }
                if error.code == EADDRINUSE, endpoint.port == 0, !bound.isEmpty { return nil }
                throw error
            }
        }
        if bound.isEmpty {
            let list = addresses.map(\.text).joined(separator: ", ")
            throw SocketError(
                .listen, endpoint.text, code: EADDRNOTAVAIL,
                reason: "this machine has no such address"
                    + (list.isEmpty ? " or network interface" : " (\(list))")
                    + "; tcp://*:PORT listens on all of them, tcp://127.0.0.1:PORT for this machine "
                    + "only")
        }
        return port
    }
}
