import FoundationEssentials
import TestSupport
import Testing

/// A job specification in a folder of its own, and how its runs ended.
final class TestJob {
    let folder: ScratchFolder
    private let lines: [String]

    /// - Parameters:
    ///   - model: its path; nil where `others` names several.
    ///   - inputs: paths of .npy files by the model's input.
    ///   - formats: of the outputs; none for a job that writes nothing.
    convenience init(
        model: String?, inputs: [(name: String, path: String)], microbatch: Int, formats: [String] = ["npy"],
        others: [String] = [], folder: ScratchFolder? = nil
    ) throws {
        try self.init(
            model: model, sources: inputs.map { ($0.name, "{array: \(quoted($0.path))}") }, microbatch: microbatch,
            formats: formats, others: others, folder: folder)
    }

    /// - Parameters:
    ///   - model: its path; nil where `others` names several.
    ///   - sources: what each input is, in YAML.
    ///   - formats: of the outputs; none for a job that writes nothing.
    init(
        model: String?, sources: [(name: String, yaml: String)], microbatch: Int, formats: [String] = ["npy"],
        others: [String] = [], folder: ScratchFolder? = nil
    ) throws {
        self.folder = try folder ?? ScratchFolder()
        var lines = ["version: 1"] + (model.map { ["model: \(quoted($0))"] } ?? []) + ["inputs:"]
        lines += sources.map { "  \(quoted($0.name)): \($0.yaml)" }
        if !formats.isEmpty { lines.append("outputs: {folder: out, formats: [\(formats.joined(separator: ", "))]}") }
        lines.append("schedule: {microbatch: \(microbatch)}")
        self.lines = lines + others
        try self.folder.write(self.lines.joined(separator: "\n") + "\n", to: "job.yaml")
    }

    /// A case of the material on its own inputs, all items in one microbatch if no size is given.
    ///
    /// - Parameter carriesState: whether state goes from item to item, rather than out of a file into each.
    convenience init(_ test: Material.Case, microbatch: Int? = nil, carriesState: Bool = true) throws {
        let inputs = try #require(test.facts.inputs)
        let carried = carriesState ? test.facts.carried ?? [:] : [:]
        let sources = try inputs.map { input in
            let path = "\(test.folder)/\(input.file)"
            if let output = carried[input.name] { return (input.name, "{carried: \(quoted(output))}") }
            let items = test.facts.job?.items.map { ", items: \($0)" } ?? ""
            guard !input.countsItems else { return (input.name, "{array: \(quoted(path))\(items)}") }
            return (input.name, "{constant: \(try NumPyArray(path: path).values)}")
        }
        let count = try inputs.first.map { try Material.shape(ofArray: "\(test.folder)/\($0.file)")[0] } ?? 1
        let settings = test.facts.job
        let dimensions = settings?.dimensions?.map { "\(quoted($0.key)): \($0.value)" } ?? []
        let fixed = carried.isEmpty ? settings?.microbatch : 1
        try self.init(
            model: test.model, sources: sources, microbatch: fixed ?? microbatch ?? count,
            formats: settings?.formats ?? ["npy"],
            others: dimensions.isEmpty ? [] : ["dimensions: {\(dimensions.joined(separator: ", "))}"])
    }

    var specification: String { "\(folder.path)/job.yaml" }

    /// Runs the job under mpirun, or, with no number of ranks, without a launcher.
    func run(
        ranks: Int? = nil, _ arguments: [String] = [], environment: [String: String?] = [:], timeout: Double = 120
    ) throws -> ProcessRun {
        try MPInfer.run(["run", specification] + arguments, ranks: ranks, environment: environment, timeout: timeout)
    }

    /// An output of the last run.
    func array(_ output: String) throws -> NumPyArray {
        try NumPyArray(path: "\(folder.path)/out/\(TestJob.fileName(output)).npy")
    }

    /// The numbers of an output of the last run, from whichever file there is.
    func values(_ output: String) throws -> [Double] {
        let name = TestJob.fileName(output)
        guard folder.names(in: "out").contains("\(name).jsonl") else { return try array(output).values }
        return try folder.text("out/\(name).jsonl").split(separator: "\n").flatMap { line in
            JSONValue.parse(String(line))?["values"]?.numbers ?? []
        }
    }

    /// The files of the last run, by name; they are gone afterwards.
    func takeFiles() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in folder.names(in: "out") { files[name] = try folder.bytes("out/\(name)") }
        try FileManager.default.removeItem(atPath: "\(folder.path)/out")
        return files
    }

    /// As docs/job-specification.md has it.
    static func fileName(_ output: String) -> String {
        String(output.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
    }

    /// Checks a run against what every failure must be: an exit code of 1, in time, the right words, nothing written.
    func expectFailure(
        _ run: ProcessRun, _ words: String..., status: Int = 1, within seconds: Double = 30,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        MPInfer.expectFailure(run, words, status: status, within: seconds, sourceLocation: sourceLocation)
        #expect(folder.names(in: "out").isEmpty, "left behind in the output folder", sourceLocation: sourceLocation)
    }
}

/// A string of YAML and of JSON.
func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
}

/// The program under test.
enum MPInfer {
    static func run(
        _ arguments: [String], ranks: Int? = nil, environment: [String: String?] = [:], directory: String? = nil,
        timeout: Double = 120
    ) throws -> ProcessRun {
        guard let ranks else {
            return try MPILauncher.runAlone(
                executable: "mpinfer", arguments: arguments, environment: environment, directory: directory,
                timeout: timeout)
        }
        return try MPILauncher.run(
            executable: "mpinfer", ranks: ranks, arguments: arguments, environment: environment, directory: directory,
            timeout: timeout)
    }

    static func expectSuccess(_ run: ProcessRun, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try #require(run.succeeded, "\(run)", sourceLocation: sourceLocation)
    }

    static func expectFailure(
        _ run: ProcessRun, _ words: [String], status: Int = 1, within seconds: Double = 30,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(run.status == status && !run.timedOut, "\(run)", sourceLocation: sourceLocation)
        #expect(run.seconds < seconds, "\(run)", sourceLocation: sourceLocation)
        for word in words {
            #expect(
                run.stderr.lowercased().contains(word.lowercased()), "must contain '\(word)': \(run)",
                sourceLocation: sourceLocation)
        }
        for sign in ["Fatal error", "signal", "Stack dump", "Segmentation"] {
            #expect(!run.stderr.contains(sign), "\(run)", sourceLocation: sourceLocation)
        }
    }

    static func isFullCampaign() -> Bool { ProcessInfo.processInfo.environment["MPINFER_FULL_CAMPAIGN"] == "1" }
}
