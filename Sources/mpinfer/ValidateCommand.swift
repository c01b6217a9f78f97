internal import ArgumentParser
internal import Jobs
internal import Planning

/// Checks a job without running it.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Find what 'run' would refuse: the specification, the files it names, the model; no MPI needed.",
        discussion: """
            EXAMPLES
              mpinfer validate job.yaml
              mpinfer validate job.yaml --ranks 8
              mpinfer validate job.yaml --specification-only    where the model and the data are not there
            """)

    @OptionGroup var options: JobOptions

    @Option(name: [.customShort("n"), .long], help: "Check that the job runs on so many ranks.")
    var ranks: Int?

    @Flag(help: "Do not look at the files that the specification names.")
    var specificationOnly = false

    func validate() throws {
        if let ranks, !(1...1 << 20).contains(ranks) {
            throw ValidationError("--ranks must be from 1 to \(1 << 20), found \(ranks)")
        }
    }

    func run() throws {
        let specification = try options.load()
        guard !specificationOnly else {
            return try StandardStreams.output("\(options.job): the specification is valid")
        }
        let job = try JobPreparation(specification, rankCount: ranks)
        try job.requireRunnable()
        for warning in job.warnings { StandardStreams.error("mpinfer: warning: \(warning)\n") }
        try StandardStreams.output(
            "\(options.job): valid; \(job.batching.itemCount) items for \(job.model.path), "
                + "which can be cut into up to \(job.chain.layers.count) stages")
    }
}
