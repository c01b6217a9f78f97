/// SimGrid's replayer of traces, where it is installed.
public enum SimGrid {
    public static let isInstalled: Bool =
        (try? ProcessRun.run("smpirun", ["-version"], timeout: 30))?.succeeded ?? false

    public static let absent = "smpirun is missing: apt-get install libsimgrid-dev"

    /// What is wrong with a replay.
    public struct ReplayError: Error, CustomStringConvertible {
        public let description: String
    }

    /// The makespan that SimGrid finds for an exported schedule, in seconds.
    ///
    /// - Parameter script: the one that came with the export.
    public static func makespan(script: String, timeout: Double = 120) throws -> Double {
        let run = try ProcessRun.run("sh", [script], timeout: timeout)
        let text = run.stdout + run.stderr
        let line = text.split(separator: "\n").last { $0.contains("Simulation time") }
        guard run.succeeded, let word = line?.split(separator: " ").last, let makespan = Double(word) else {
            throw ReplayError(description: "\(script) tells no makespan: \(run)")
        }
        return makespan
    }
}
