internal import ArgumentParser
internal import Files
internal import Jobs

/// Shows how a model would be cut.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Cut a model into stages and print the plan; no MPI needed.",
        discussion: """
            EXAMPLES
              mpinfer plan job.yaml --ranks 4
              mpinfer plan job.yaml --ranks 4 --set parallelism.strategy=uniform
              mpinfer plan job.yaml --ranks 4 -o plan.json    then: mpirun -np 4 mpinfer run job.yaml --plan plan.json
              mpinfer plan job.yaml --ranks 2 --schedule      what each rank would do, in order
              mpinfer plan job.yaml --ranks 64 --cluster cluster.yaml
                                                              what it would do on hardware that is not available
              mpinfer plan job.yaml --ranks 64 --cluster cluster.yaml --export simgrid traces
                                                              the same for SimGrid, then: sh traces/replay.sh
            """)

    @OptionGroup var options: JobOptions

    @Option(
        name: [.customShort("n"), .long],
        help: "Ranks to plan for; as many as parallelism.pipeline says when left out.")
    var ranks: Int?

    @Option(name: .shortAndLong, help: ArgumentHelp("Write the plan as JSON, for run --plan.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Print a plan that was written before, checked against the job.", valueName: "file"))
    var plan: String?

    @Option(
        help: ArgumentHelp(
            "Simulate the plan on a cluster: speed, and where each rank's time would go.", valueName: "file"))
    var cluster: String?

    @Option(
        help: ArgumentHelp(
            "Times of the layers that 'mpinfer profile -o' wrote; the cache is looked into when left out.",
            valueName: "file"))
    var profile: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Write the schedule and the cluster for another simulator: traces and platform for SimGrid's SMPI.",
            valueName: "simgrid folder"))
    var export: [String] = []

    @Option(help: "Export so many microbatches at most; all of the job's when left out.")
    var exportMicrobatches: Int?

    @Flag(help: "Print the list of actions of each rank too.")
    var schedule = false

    @Flag(help: "Print the plan as JSON.")
    var json = false

    func validate() throws {
        if let ranks, !(1...1 << 20).contains(ranks) {
            throw ValidationError("--ranks must be from 1 to \(1 << 20), found \(ranks)")
        }
        if let exportMicrobatches {
            guard exportMicrobatches >= 1 else {
                throw ValidationError("--export-microbatches must be at least 1, found \(exportMicrobatches)")
            }
            guard !export.isEmpty else { throw ValidationError("--export-microbatches is for --export") }
        }
        guard let format = export.first else { return }
        guard format == "simgrid" else {
            throw ValidationError("--export: '\(format)' is no format to export; there is --export simgrid <folder>")
        }
        guard export.count == 2 else {
            let hint = export.count > 2 ? "; the job stands before it" : ""
            throw ValidationError(
                "--export takes two words, as in --export simgrid traces, and not '\(export.joined(separator: " "))'\(hint)"
            )
        }
    }

    func run() throws {
        let saved = try output.map { path throws in try DestinationFile(path) }
        if export.count == 2 { try OutputFolder.require(export[1]) }
        var specification = try options.load()
        if let cluster { specification.parallelism.cluster = cluster }
        if let profile { specification.parallelism.profile = profile }
        let preparation = try JobPreparation(specification, rankCount: ranks, planPath: plan)
        for warning in preparation.warnings { StandardStreams.error("mpinfer: warning: \(warning)\n") }
        let file = PlanFile(preparation.plan)
        if let saved { try file.write(to: saved) }
        let cluster = specification.parallelism.cluster
        let prediction = try cluster.map { _ in try PlanPrediction(preparation) }
        var exported = ""
        if export.count == 2 {
            exported = try SimGridFiles(preparation, microbatchLimit: exportMicrobatches).write(to: export[1]) + "\n"
        }
        if json {
            try StandardStreams.output(JSONLayout.text(PlanDocument(plan: file, prediction: prediction)))
            StandardStreams.error(exported)
        } else {
            try StandardStreams.output(PlanText(preparation, includesSchedule: schedule).text)
            if let prediction, let cluster { try StandardStreams.output("\n" + prediction.text(cluster: cluster)) }
            if !exported.isEmpty { try StandardStreams.output("\n" + exported) }
        }
    }
}

/// A plan and what it is predicted to do, as one JSON object: that of the plan, with `prediction` added.
private struct PlanDocument: Encodable {
    let plan: PlanFile
    let prediction: PlanPrediction?

    private enum Key: String, CodingKey { case prediction }

    func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(prediction, forKey: .prediction)
    }
}
