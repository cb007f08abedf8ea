import Files
import Foundation
import Glibc
import Requirements
import TestSupport
import Testing
import Watching

@Suite("The runs of a folder")
struct RunListTests {
    private let folder: TemporaryFolder
    private let list: RunList

    init() throws {
        folder = try TemporaryFolder()
        list = try RunList(folder.path)
    }

    private func makeRun(_ name: String) throws {
        try SimulatedRun(workers: 1, steps: 10).write(to: "\(folder.path)/\(name)")
    }

    @Test("are the folders that hold a run's file, in order")
    func findsRuns() throws {
        for name in ["b", "a", "c"] { try makeRun(name) }
        _ = try folder.makeFolder("empty")
        try folder.write("{}", to: "config.json")
        #expect(try list.names() == ["a", "b", "c"])
        let polled = try list.poll()
        #expect(polled.map(\.folder) == ["a", "b", "c"])
        #expect(polled.allSatisfy { $0.view.state == .completed && $0.view.step == 10 })
        try FileManager.default.removeItem(atPath: "\(folder.path)/b")
        #expect(try list.poll().map(\.folder) == ["a", "c"])
    }

    @Test("exclude links, wherever they lead")
    func refusesLinks() throws {
        let outside = try TemporaryFolder()
        try SimulatedRun(workers: 1, steps: 10).write(to: "\(outside.path)/run")
        try makeRun("real")
        #expect(symlink("\(outside.path)/run", "\(folder.path)/link") == 0)
        #expect(symlink("real", "\(folder.path)/near") == 0)
        #expect(symlink("/", "\(folder.path)/root") == 0)
        #expect(try list.names() == ["real"])
        #expect(try list.poll().map(\.folder) == ["real"])
        for name in ["link", "near", "root"] { #expect(list.run(name) == nil) }
    }

    @Test(
        "are opened only by their names",
        arguments: [
            "", ".", "..", "../other", "a/../../other", "/etc", "a\0", "real/.", "..\u{2F}\u{301}x",
            "real/", "nothing",
        ])
    func refusesPaths(_ name: String) throws {
        let list = try RunList(folder.makeFolder("runs"))
        for name in ["runs/real", "other", "\u{301}x"] { try makeRun(name) }
        #expect(list.run("real") != nil)
        #expect(list.run(name) == nil)
    }

    @Test("are read again when another run takes a name")
    func replacedRun() throws {
        try makeRun("run")
        #expect(try list.poll().first?.view.step == 10)
        try FileManager.default.moveItem(
            atPath: "\(folder.path)/run", toPath: "\(folder.path)/z-old")
        try SimulatedRun(workers: 1, steps: 20).write(to: "\(folder.path)/run")
        #expect(try list.poll().map(\.view.step) == [20, 10])
    }

    @Test("are all shown with few open files")
    func manyRuns() throws {
        for number in 0..<500 {
            let name = try folder.makeFolder("run-\(number)")
            try Folder(name).writeAtomically([], to: "events.jsonl")
            try Folder(name).writeAtomically([], to: "metrics.jsonl")
        }
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        try #require(getrlimit(kind, &limit) == 0)
        guard limit.rlim_max > 4096 else {
            return passOver(without: Requirement("a limit of more than 4,096 open files") { false })
        }
        limit.rlim_cur = 1024
        try #require(setrlimit(kind, &limit) == 0)
        #expect(try RunList(folder.path).poll().count == 500)
    }

    @Test("compare by settings, except paths and settings without effect on results")
    func differences() throws {
        var views = [RunView(name: "a", now: 0), RunView(name: "b", now: 0)]
        views[0].settings = [
            .init(name: "hidden", value: "20"), .init(name: "seed", value: "1"),
            .init(name: "data_path", value: "/a"), .init(name: "log_level", value: "info"),
        ]
        views[1].settings = [
            .init(name: "hidden", value: "20"), .init(name: "seed", value: "2"),
            .init(name: "data_path", value: "/b"), .init(name: "clip", value: "1"),
        ]
        #expect(SettingDifferences.names(views) == ["seed", "clip"])
        #expect(SettingDifferences.names([]) == [])
    }
}
