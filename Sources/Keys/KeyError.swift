import Files

/// Why a key, a credential or a list of workers cannot be used.
public enum KeyError: Error, Equatable, CustomStringConvertible {
    /// The coordinator's key does not exist.
    case noKey(path: String)
    /// The worker's credential does not exist.
    case noCredential(path: String)
    /// The file cannot be read or made.
    case file(FileError)
    /// The file exists already, and is not replaced.
    case exists(path: String)
    /// Others can read or change a secret.
    case exposed(path: String, Exposure)
    /// The file holds something else.
    case malformed(path: String, Expected)
    /// A line of the list of workers is malformed.
    case malformedLine(Int, path: String)
    /// The file holds the key that all sides shared in earlier versions.
    case sharedKey(path: String)
    /// The file is the key of a job, whose workers do not change.
    case jobKey(path: String)
    /// A worker has this name already.
    case taken(KeyName)
    /// No worker has this name.
    case unknown(KeyName, path: String)
    /// A text is not the name of a worker.
    case badName(String)
    /// A text is not a public key.
    case notPublic(String)
    /// There is no next key to replace the present one.
    case notPrepared(path: String)
    /// A credential has two of the coordinator's public keys, and cannot have a third.
    case tooManyKeys(path: String)
    /// Another process is changing the keys.
    case busy(path: String)

    /// What a file must hold.
    public enum Expected: String, Equatable, Sendable {
        /// A coordinator's key.
        case key = "coordinator's key"
        /// A worker's credential.
        case credential = "worker's credential"
        /// The key of a job.
        case job = "job's key"
        /// A token for readers of a page.
        case token = "token of 16 to 256 letters, digits, '-', '.' and '_'"

        /// The option that names such a file.
        var option: String { self == .token ? "--token-file" : "--key" }
    }

    /// Who can access a secret, and whether this process could change that.
    public enum Exposure: Equatable, Sendable {
        /// Other users can read or change it.
        case mode(isReadOnly: Bool)
        /// It belongs to another user.
        case owner(UInt32)
        /// It is a symbolic link, but not one that Kubernetes makes.
        case link
    }

    /// One line: what is wrong and what to do.
    public var description: String {
        switch self {
        case .noKey(let path):
            "there is no coordinator's key \(path): make one with tern key coordinator, or name another "
                + "with --key"
        case .noCredential(let path):
            "there is no credential \(path): make one on the coordinator's machine with tern key worker "
                + "NAME, bring it here, and name it with --key"
        case .file(let error):
            "cannot \(error.operation) \(error.path): \(error.reason): choose another place for the "
                + "key with --key"
        case .exists(let path): "\(path) already exists: remove it, or choose another with --output"
        case .exposed(let path, let exposure): "\(path) \(exposure.advice(path))"
        case .malformed(let path, let expected):
            "\(path) is not a \(expected.rawValue): name the right file with \(expected.option)"
        case .malformedLine(let line, let path):
            "\(path), line \(line): not NAME PUBLIC-KEY or NAME PUBLIC-KEY shared"
        case .sharedKey(let path):
            "\(path) is a key that all sides share, of an earlier version: make a credential for each "
                + "worker with tern key worker NAME, and delete this file"
        case .jobKey(let path):
            "\(path) is the key of a job, which all of its processes share: make another with tern key job"
        case .taken(let name):
            "\(name) has a credential already: choose another name, or remove that one with tern key "
                + "remove \(name)"
        case .unknown(let name, let path):
            "\(path) has no worker \(name): tern key list shows the names"
        case .badName(let text):
            "'\(text)' is not a worker's name: it has 1 to \(KeyName.mostCharacters) letters, digits, '.', "
                + "'_' or '-', and begins with a letter or a digit"
        case .notPrepared(let path):
            "\(path) holds no next key: make one with tern key rotate, without --finish"
        case .notPublic(let text):
            "\(text) is not a public key of 64 hexadecimal digits: copy what tern key rotate printed"
        case .tooManyKeys(let path):
            "\(path) holds two public keys of its coordinator already: make a new credential with tern "
                + "key worker NAME"
        case .busy(let path): "another process is changing \(path): try again"
        }
    }
}

extension KeyError.Exposure {
    fileprivate func advice(_ path: String) -> String {
        switch self {
        case .mode(isReadOnly: false):
            "can be read or changed by other users: chmod 600 \(path), or, where that changes nothing, "
                + "keep it on another disk"
        case .mode(isReadOnly: true):
            "can be read or changed by other users, and its mode cannot be changed here: mount it with "
                + "mode 0400 (Kubernetes: defaultMode: 0400; Docker: mode: 0400), or name a copy of mode "
                + "600 with --key"
        case .owner(let owner):
            "belongs to user \(owner), not to this one: name a copy of your own with --key"
        case .link: "is a symbolic link: name the file itself with --key"
        }
    }
}
