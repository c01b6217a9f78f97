import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The launcher that rank tests are built on.
@Suite(.serialized) struct LauncherTests {
    /// Ranks that will not end are killed at the time limit, and none is left behind.
    @Test func timeLimitKillsAllRanks() throws {
        let run = try MPILauncher.run(executable: "MPIProbe", ranks: 2, arguments: ["hang"], timeout: 4)
        #expect(run.timedOut && run.seconds < 15, "\(run)")
        let processes = run.stdout.split(separator: "\n").compactMap { line in
            line.hasPrefix("process ") ? pid_t(line.dropFirst("process ".count)) : nil
        }
        #expect(processes.count == 2, "\(run)")
        // A killed process is there until its parent has waited for it.
        let deadline = time(nil) + 10
        while time(nil) < deadline, processes.contains(where: { isRunning($0) }) { usleep(20_000) }
        for process in processes { #expect(!isRunning(process), "\(process) is still there") }
    }

    private func isRunning(_ process: pid_t) -> Bool {
        guard let file = fopen("/proc/\(process)/stat", "r") else { return false }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        guard fgets(&line, 512, file) != nil else { return false }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // A zombie in a container without an init process may stay forever.
        return !text.contains(") Z ")
    }

    @Test func outputStatusAndEnvironment() throws {
        let run = try ProcessRun.run(
            "sh", ["-c", "echo $GREETING; pwd; echo wrong >&2; exit 3"], environment: ["GREETING": "hello"],
            directory: "/", timeout: 10)
        #expect(run.status == 3 && !run.succeeded && !run.timedOut)
        #expect(run.stdout == "hello\n/\n" && run.stderr == "wrong\n")
        #expect(try ProcessRun.run("sh", ["-c", "kill -9 $$"], timeout: 10).status == 137)
        #expect(throws: ProcessRun.LaunchError.self) { try ProcessRun.run("no-such-program", [], timeout: 10) }
        #expect(throws: ProcessRun.LaunchError.self) { try BuiltExecutable.path("NoSuchExecutable") }
    }
}
