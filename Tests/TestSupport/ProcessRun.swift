#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The outcome of a program: how it ended and what it wrote.
public struct ProcessRun: Sendable, CustomStringConvertible {
    /// The exit code, or 128 and the signal's number.
    public let status: Int
    public let stdout: String
    public let stderr: String
    /// It ran longer than allowed and was killed, with all processes under it.
    public let timedOut: Bool
    public let seconds: Double

    public var succeeded: Bool { status == 0 && !timedOut }

    public var description: String {
        "status \(status)\(timedOut ? ", killed at its time limit" : "") after \(seconds) s\n"
            + "--- stdout\n\(stdout)\n--- stderr\n\(stderr)"
    }

    public struct LaunchError: Error, CustomStringConvertible {
        public let description: String
    }

    /// Runs a program to its end in a process group of its own.
    ///
    /// Output goes through files and not pipes, so that a process left behind cannot keep the caller waiting.
    ///
    /// - Parameters:
    ///   - program: a path, or a name looked up in PATH.
    ///   - environment: set besides what this process has; nil takes a variable away.
    ///   - timeout: seconds until all of it is killed.
    public static func run(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], directory: String? = nil,
        timeout: Double
    ) throws -> ProcessRun {
        let output = try TemporaryFile()
        let errors = try TemporaryFile()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.descriptor, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.descriptor, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        posix_spawnattr_setpgroup(&attributes, 0)
        // Threads that run tests block signals, and what they start would.
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)

        let start = now()
        var process: pid_t = 0
        // The spawn itself cannot change the folder in all C libraries; the shell does, and becomes the program.
        let command = directory.map { ["sh", "-c", "cd \"$0\" && exec \"$@\"", $0, program] } ?? [program]
        let code = withCStrings(command + arguments) { arguments in
            withCStrings(merged(environment)) { environment in
                posix_spawnp(&process, command[0], &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw LaunchError(description: "\(program): \(String(cString: strerror(code)))") }
        let (status, timedOut) = wait(for: process, until: start + timeout)
        return ProcessRun(
            status: status, stdout: try output.text(), stderr: try errors.text(), timedOut: timedOut,
            seconds: now() - start)
    }

    private static func wait(for process: pid_t, until deadline: Double) -> (status: Int, timedOut: Bool) {
        var status: Int32 = 0
        while now() < deadline {
            if waitpid(process, &status, WNOHANG) == process { return (exitCode(status), false) }
            usleep(10_000)
        }
        // mpirun puts each rank into a group of its own and kills them when it is asked to end; what is left after
        // that is killed here.
        let family = descendants(of: process)
        kill(process, SIGTERM)
        let grace = now() + 2
        while now() < grace {
            if waitpid(process, &status, WNOHANG) == process { break }
            usleep(10_000)
        }
        kill(-process, SIGKILL)
        for (member, start) in family where startTime(of: member) == start { kill(member, SIGKILL) }
        waitpid(process, &status, 0)
        return (exitCode(status), true)
    }

    private static func exitCode(_ status: Int32) -> Int {
        let signal = status & 0x7F
        return Int(signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
    }

    /// All processes below one, with the times they started at, by which a number used again is told apart.
    private static func descendants(of process: pid_t) -> [(process: pid_t, startTime: String)] {
        guard let text = TemporaryFile.contents(of: "/proc/\(process)/task/\(process)/children") else { return [] }
        return text.split(separator: " ").compactMap { pid_t($0) }.flatMap { child in
            startTime(of: child).map { [(child, $0)] + descendants(of: child) } ?? []
        }
    }

    private static func startTime(of process: pid_t) -> String? {
        // The name, in parentheses, may have spaces; the start time is the twentieth field behind it.
        guard let text = TemporaryFile.contents(of: "/proc/\(process)/stat"), let name = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[name...].split(separator: " ")
        return fields.count > 20 ? String(fields[20]) : nil
    }

    private static func merged(_ changes: [String: String?]) -> [String] {
        var inherited: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            let name = String(text.prefix { $0 != "=" })
            if changes[name] == nil { inherited.append(text) }
            next += 1
        }
        return inherited + changes.compactMap { name, value in value.map { "\(name)=\($0)" } }
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(&pointers)
    }
}
