import Foundation
import Tensors
import TestSupport
import Testing

@testable import Files

/// Folders of results: whole or not at all, wherever a kill falls.
@Suite struct StagedFolderTests {
    let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// What a user sees of a folder, by name.
    private func seen(_ name: String) throws -> [String: String] {
        var files: [String: String] = [:]
        for file in folder.names(in: name) where !file.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path("\(name)/\(file)"), isDirectory: &isFolder)
            if !isFolder.boolValue { files[file] = try folder.text("\(name)/\(file)") }
        }
        return files
    }

    private var hidden: [String] { folder.names.filter { $0.contains(".mpinfer") } }

    private func stage(_ name: String, _ files: [String: String], locks: Bool = true) throws -> StagedFolder {
        let staged = try StagedFolder(path(name), locks: locks)
        for (file, text) in files { try staged.write(text, to: file) }
        return staged
    }

    @Test("a folder that is not there, with those above it") func newFolder() throws {
        let staged = try stage("a/b/out", ["x": "1", "pictures/y": "2"])
        #expect(try seen("a/b/out").isEmpty)
        try Publication.publish([staged])
        #expect(try seen("a/b/out") == ["x": "1", "pictures/y": "2"])
        #expect(hidden.isEmpty)
    }

    @Test("what is taken back leaves nothing") func discarded() throws {
        try stage("a/b/out", ["x": "1"]).discard()
        #expect(folder.names.isEmpty)
        try folder.write("mine", to: "out/notes")
        try stage("out", ["x": "1"]).discard()
        #expect(folder.names == ["out", "out/notes"])
    }

    /// States of folders before, and what is published into them.
    private static let cases: [(before: [String: [String: String]], after: [String: [String: String]])] = [
        // New.
        (["out": [:]], ["out": ["x": "new", "p/y": "new", "p/z": "new"]]),
        // With the program's own files alone.
        (["out": ["x": "old", "p/y": "old"]], ["out": ["x": "new", "p/y": "new", "p/z": "new"]]),
        // With files of somebody else.
        (
            ["out": ["x": "old", "p/y": "old", "mine": "kept", "p/mine": "kept"]],
            ["out": ["x": "new", "p/y": "new", "p/z": "new", "mine": "kept", "p/mine": "kept"]]
        ),
        // Two folders at once.
        (
            ["out": ["x": "old", "mine": "kept"], "else": ["y": "old"]],
            ["out": ["x": "new", "w": "new", "mine": "kept"], "else": ["y": "new", "z": "new"]]
        ),
        (["out": [:], "else": [:]], ["out": ["x": "new"], "else": ["y": "new", "z": "new"]]),
    ]

    @Test("a kill at any step leaves the old or, after the next start, the new", arguments: 0..<5)
    func kills(number: Int) throws {
        let (before, after) = Self.cases[number]
        var stepCount = 0
        var sawOld = 0
        var sawNew = 0
        // One step further each time, until the work is done before the kill.
        for last in 0... {
            // With a next run that begins with either folder.
            for first in before.keys.sorted() {
                for name in before.keys { try? FileManager.default.removeItem(atPath: path(name)) }
                for (name, files) in before {
                    for (file, text) in files { try folder.write(text, to: "\(name)/\(file)") }
                }
                var staged: [StagedFolder] = []
                for name in before.keys.sorted(by: >) {
                    staged.append(try stage(name, after[name]!.filter { $0.value == "new" }))
                }
                stepCount = 0
                do {
                    try Publication.publish(staged) { name throws(FileError) in
                        stepCount += 1
                        if stepCount > last { throw FileError(path: "kill", offset: nil, reason: name) }
                    }
                } catch { #expect(error.path == "kill", "\(error)") }
                // The locks end with the process, and nothing else does.
                for folder in staged { folder.keep() }
                staged = []
                // One folder alone is right already: nothing mixed is ever seen of it, unless others' files are in it.
                if number < 2 {
                    let now = try seen("out")
                    #expect(now == before["out"] || now == after["out"], "after step \(last): \(now)")
                }
                try StagedFolder(path(first)).discard()
                let found = try Dictionary(uniqueKeysWithValues: before.keys.map { ($0, try seen($0)) })
                if found == before { sawOld += 1 } else { sawNew += 1 }
                #expect(found == before || found == after, "after step \(last), by \(first): \(found)")
                for name in before.keys { try StagedFolder(path(name)).discard() }
                #expect(hidden.isEmpty, "after step \(last): \(hidden)")
            }
            if stepCount <= last { break }
        }
        #expect(sawOld > 0 && sawNew > 0 && stepCount >= 3)
    }

    @Test("a folder of ours is exchanged in one step, one with others' files is not") func exchange() throws {
        try Publication.publish([stage("out", ["x": "1"])])
        let first = FileStatus(path("out"))
        try Publication.publish([stage("out", ["x": "2", "y": "2"])])
        let second = FileStatus(path("out"))
        #expect(first?.number != second?.number && first?.mode == second?.mode)
        try folder.write("mine", to: "out/mine")
        try Publication.publish([stage("out", ["x": "3", "y": "3"])])
        #expect(FileStatus(path("out"))?.number == second?.number)
        #expect(try seen("out") == ["x": "3", "y": "3", "mine": "mine"])
        #expect(hidden.isEmpty)
    }

    @Test("two into one folder: the second is refused", arguments: [true, false]) func twoAtOnce(isThere: Bool) throws {
        if isThere { try folder.write("mine", to: "out/mine") }
        let staged = try stage("out", ["x": "1"])
        let error = #expect(throws: FileError.self) { try StagedFolder(path("out")) }
        #expect(error?.reason.contains("another run of mpinfer is writing into this folder (process") == true)
        try Publication.publish([staged])
        try StagedFolder(path("out")).discard()
        #expect(try seen("out")["x"] == "1")
        #expect(hidden.isEmpty)
    }

    @Test("without locks, the process that is named decides") func withoutLocks() throws {
        let place = StagedFolder.beside(path("out"))
        try folder.write("half", to: ".out.mpinfer/new/x")
        let host = ProcessInfo.processInfo.hostName
        // No process has the highest possible number.
        try folder.write("4194304 \(host)\n", to: ".out.mpinfer/lock")
        if host
            == (try? String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8))?.trimmingCharacters(
                in: .newlines)
        {
            try Publication.publish([stage("out", ["y": "1"], locks: false)])
            #expect(try seen("out") == ["y": "1"])
        }
        try folder.write("1 elsewhere\n", to: "out/.mpinfer/lock")
        let error = #expect(throws: FileError.self) { try StagedFolder(path("out"), locks: false) }
        #expect(error?.reason.contains("process 1 on elsewhere") == true)
        #expect(error?.reason.contains("remove \(path("out"))/.mpinfer/lock") == true)
        #expect(FileStatus(place) == nil)
    }

    @Test("links in the folder stay, and lead to the new files") func links() throws {
        try folder.write("old", to: "real")
        try folder.write("mine", to: "out/mine")
        try FileManager.default.createSymbolicLink(atPath: path("out/x"), withDestinationPath: "../real")
        try Publication.publish([stage("out", ["x": "new"])])
        #expect(FileStatus(path("out/x"), followsLinks: false)?.kind == .link)
        #expect(try folder.text("real") == "new")
        try FileManager.default.createSymbolicLink(atPath: path("out/z"), withDestinationPath: "nowhere")
        #expect(throws: FileError.self) { try stage("out", ["z": "new"]) }
        // And the folder itself may be one.
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: "out")
        try Publication.publish([stage("link", ["mine": "new"])])
        #expect(FileStatus(path("link"), followsLinks: false)?.kind == .link)
        #expect(try folder.text("out/mine") == "new")
        #expect(hidden.isEmpty)
    }

    @Test("which folders lie in another") func insideOrNot() throws {
        let staged = try stage("out", [:])
        #expect(staged.name(ofFolder: path("out/p/q")) == "p/q")
        #expect(staged.name(ofFolder: path("out/../out/./p")) == "p")
        #expect(staged.name(ofFolder: path("out")) == ".")
        #expect(staged.name(ofFolder: path("output")) == nil && staged.name(ofFolder: path("")) == nil)
        staged.discard()
        try folder.write("", to: "out/mine")
        try folder.write("", to: "big/mine")
        try FileManager.default.createSymbolicLink(atPath: path("out/p"), withDestinationPath: "../big")
        #expect(try stage("out", [:]).name(ofFolder: path("out/p")) == nil)
    }

    @Test("what is in the way is said at once") func wrong() throws {
        try folder.write("", to: "out/x/below")
        #expect(throws: FileError.self) { try stage("out", ["x": "1"]) }
        #expect(throws: FileError.self) { try stage("out", ["x/below/y": "1"]) }
        #expect(throws: FileError.self) { try stage("out/x/below", ["y": "1"]) }
        #expect(folder.names == ["out", "out/x", "out/x/below"])
    }
}
