import Tensors
import TestSupport
import Testing

@testable import Files

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Paths that users name for reports: what other tools do with them.
@Suite struct DestinationFileTests {
    let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func failure(_ path: String) -> String {
        do {
            _ = try DestinationFile(path)
            return "nothing is wrong"
        } catch { return error.description.replacing(folder.path, with: "F") }
    }

    @Test("a new file, and one over it that keeps its rights") func replacing() throws {
        let path = "\(folder.path)/report.html"
        let file = try DestinationFile(path)
        #expect(folder.names.isEmpty, "nothing is there before there is something to write")
        try file.write("one")
        chmod(path, 0o640)
        let before = FileStatus(path)
        try DestinationFile(path).write("two")
        #expect(try folder.text("report.html") == "two")
        #expect(folder.names == ["report.html"])
        #expect(FileStatus(path)?.mode == 0o640)
        #expect(FileStatus(path)?.number != before?.number, "a reader of the old file must not see the new one grow")
    }

    @Test("links lead to what is written, whether or not it is there") func links() throws {
        try folder.write("old", to: "real/old.txt")
        symlink("real/old.txt", "\(folder.path)/link")
        symlink("link", "\(folder.path)/link-to-link")
        symlink("real/new.txt", "\(folder.path)/dangling")
        try DestinationFile("\(folder.path)/link-to-link").write("new")
        try DestinationFile("\(folder.path)/dangling").write("made")
        #expect(try folder.text("real/old.txt") == "new" && folder.text("real/new.txt") == "made")
        for link in ["link", "link-to-link", "dangling"] {
            #expect(FileStatus("\(folder.path)/\(link)", followsLinks: false)?.kind == .link)
        }
        symlink("loop", "\(folder.path)/loop")
        #expect(failure("\(folder.path)/loop").contains("Too many levels of symbolic links"))
        symlink("none/file", "\(folder.path)/astray")
        #expect(
            failure("\(folder.path)/astray")
                == "F/astray: the file cannot be written: F/none: No such file or directory")
    }

    @Test("a file with two names stays one file") func hardLinks() throws {
        try folder.write("old and long", to: "a")
        link("\(folder.path)/a", "\(folder.path)/b")
        try DestinationFile("\(folder.path)/a").write("new")
        #expect(try folder.text("a") == "new" && folder.text("b") == "new")
    }

    @Test("pipes and devices are written into") func pipes() throws {
        let path = "\(folder.path)/pipe"
        mkfifo(path, 0o600)
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        let file = try DestinationFile(path)
        try file.write("through")
        #expect(FileDescriptor.read(reader) == "through")
        #expect(FileStatus(path)?.kind == .other, "the pipe is still there")
        signal(SIGPIPE, SIG_IGN)
        close(reader)
        try file.write("nobody reads this, and that is no failure")
        try DestinationFile("/dev/null").write("gone")
        #expect(FileStatus("/dev/null")?.kind == .other)
        let full = try DestinationFile("/dev/full")
        #expect { try full.write("too much") } throws: {
            "\($0)".contains("/dev/full: cannot be written: No space left")
        }
    }

    @Test("what is in the way is said before the work") func wrong() throws {
        try folder.write("", to: "file")
        #expect(failure(folder.path) == "F: this is a folder; name a file in it")
        #expect(failure("\(folder.path)/none/file").hasSuffix("F/none: No such file or directory"))
        #expect(failure("\(folder.path)/file/below").hasSuffix("Not a directory"))
        #expect(failure("\(folder.path)/new/").hasSuffix("a file has to have a name"))
        #expect(failure("").hasSuffix("a file has to have a name"))
        #expect(folder.names == ["file"])
    }

    @Test("what a killed process left is written over") func leftovers() throws {
        try folder.write("half of it, and much longer than the whole", to: ".a.mpinfer-partial")
        try DestinationFile("\(folder.path)/a").write("whole")
        #expect(folder.names == ["a"])
        #expect(try folder.text("a") == "whole")
    }

    @Test("writers of one path take turns") func turns() async throws {
        let path = "\(folder.path)/a"
        let texts = (0..<8).map { String(repeating: "\($0)", count: 100_000) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for text in texts {
                group.addTask { for _ in 0..<20 { try DestinationFile(path).write(text) } }
            }
            try await group.waitForAll()
        }
        #expect(try texts.contains(folder.text("a")))
        #expect(folder.names == ["a"])
    }
}

extension FileDescriptor {
    /// What is in a pipe now.
    fileprivate static func read(_ number: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 1000)
        let count = Glibc.read(number, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
}
