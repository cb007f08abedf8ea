import Bounds
import Files
import FoundationEssentials
import Monitoring
import ZeroMQ

/// The runs in a folder.
public final class RunList {
    /// The folder's path.
    public let path: String
    private let folder: Folder
    private var glances: [String: RunWatch] = [:]

    /// The maximum number of runs; beyond it, those with the last names are kept, which are the
    /// newest.
    public static let mostRuns = 1000

    /// The runs in a folder, which may be empty.
    ///
    /// - Throws: ``FileError`` if there is no such folder.
    public init(_ path: String) throws(FileError) {
        self.path = path
        folder = try Folder(path)
        // Each run keeps three files open.
        _ = DescriptorLimit.raise()
    }

    /// Whether a folder is a run, and not a folder of runs.
    public static func isRun(_ path: String) -> Bool {
        guard let folder = try? Folder(path) else { return false }
        return isRun(folder)
    }

    private static func isRun(_ folder: Folder) -> Bool {
        [RunDirectory.configurationName, EventsFile.name, RunDirectory.logName]
            .contains(where: folder.holds)
    }

    /// The sorted names of the folders that hold a run.
    ///
    /// - Throws: ``FileError`` if the folder cannot be read.
    public func names() throws(FileError) -> [String] {
        // Links are excluded, because they might lead out of the folder.
        let all = try folder.names().filter { run($0) != nil }
        return all.suffix(Self.mostRuns)
    }

    /// The folder of a run; nil if there is no run with that name.
    package func run(_ name: String) -> Folder? {
        guard !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(0), !name.isEmpty,
            name != ".", name != "..", let run = (try? folder.folder(name)) ?? nil, Self.isRun(run)
        else { return nil }
        return run
    }

    /// A brief view of each run, sorted by name.
    ///
    /// - Throws: ``FileError`` if the folder cannot be read.
    public func poll(
        now: Double = Date.now.timeIntervalSince1970
    ) throws(FileError) -> [(folder: String, view: RunView)] {
        let names = try names()
        let known = Set(names)
        glances = glances.filter { known.contains($0.key) }
        return names.compactMap { name in
            // Skips a run that was removed meanwhile.
            guard let run = run(name) else { return nil }
            let earlier = glances[name].flatMap { $0.follows(run) ? $0 : nil }
            let watch = earlier ?? RunWatch(run, isGlance: true)
            glances[name] = watch
            return (name, watch.poll(now: now))
        }
    }
}

/// The settings that differ between runs.
public enum SettingDifferences {
    /// The names of the settings that differ, in their original order, without paths and settings
    /// that do not affect results.
    public static func names(_ views: [RunView]) -> [String] {
        var names: [String] = []
        for name in views.flatMap({ $0.settings.map(\.name) })
        where !names.contains(name) && !ignored.contains(name) {
            names.append(name)
        }
        return names.filter { name in Set(views.map { $0.setting(name) }).count > 1 }
    }

    private static let ignored: Set = [
        "data_path", "data_digest", "initial_weights_path", "log_every", "log_level",
        "checkpoint_every",
    ]
}
