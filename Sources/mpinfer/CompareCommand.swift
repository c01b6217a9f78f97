internal import ArgumentParser
internal import Files
internal import FoundationEssentials
internal import Jobs
internal import MPI

/// Compares ways to cut a job's model, on the launched ranks.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measure several plans of a job in turn, and compare them with what was predicted.",
        discussion: """
            All plans are run in turn inside one allocation, several rounds, so that what else the machines do falls on all of
            them. Between the runs the times of the layers are measured anew: the predictions come from these. The job's
            outputs are not written.

            EXAMPLES
              mpirun -np 2 mpinfer compare job.yaml
              mpirun -np 8 mpinfer compare job.yaml --strategies uniform,flops,optimal --ranks 2,4,8 --microbatches 1,8
              srun --mpi=pmix -n 64 mpinfer compare job.yaml --set parallelism.cluster=cluster.yaml --csv table.csv
              mpirun -np 4 mpinfer compare job.yaml --strategies optimal --replicas 1,2,4
              mpirun -np 4 mpinfer compare job.yaml --strategies flops --replicas 4 --distributions cyclic,dynamic
              mpirun -np 8 mpinfer compare job.yaml --ranks 1,2,4,8 --report report.html --pictures pictures
            """)

    @OptionGroup var options: JobOptions

    @Option(help: ArgumentHelp("Strategies to compare; all but manual when left out.", valueName: "names"))
    var strategies: CommaSeparated<JobSpecification.Strategy> = .init([])

    @Option(
        help: ArgumentHelp("Numbers of ranks to compare; all that were started when left out.", valueName: "numbers"))
    var ranks: CommaSeparated<Int> = .init([])

    @Option(help: ArgumentHelp("Microbatch sizes to compare; the job's when left out.", valueName: "numbers"))
    var microbatches: CommaSeparated<Int> = .init([])

    @Option(
        help: ArgumentHelp(
            "Numbers of replicas to compare, which share the ranks: with 1,2 on four ranks, pipelines of four stages and two of "
                + "two; the job's when left out.", valueName: "numbers"))
    var replicas: CommaSeparated<Int> = .init([])

    @Option(
        help: ArgumentHelp(
            "Ways to share microbatches out over replicas; the job's when left out.", valueName: "names"))
    var distributions: CommaSeparated<JobSpecification.Distribution> = .init([])

    @Option(help: "Rounds.")
    var rounds = 5

    @Option(help: ArgumentHelp("Write the table as CSV.", valueName: "file"))
    var csv: String?

    @Option(help: ArgumentHelp("Write the table as Markdown.", valueName: "file"))
    var markdown: String?

    @OptionGroup var pictures: PictureOptions

    @Flag(help: "Print the comparison as JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "No progress.")
    var quiet = false

    func validate() throws {
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds must be from 1 to 1000") }
        for size in microbatches.values where !(1...65536).contains(size) {
            throw ValidationError("--microbatches must be from 1 to 65536, found \(size)")
        }
        for count in replicas.values where !(1...1 << 20).contains(count) {
            throw ValidationError("--replicas must be from 1 to \(1 << 20), found \(count)")
        }
    }

    func run() throws {
        var request = ComparisonRequest()
        request.strategies = strategies.values
        request.rankCounts = ranks.values
        request.microbatches = microbatches.values
        request.replicas = replicas.values
        request.distributions = distributions.values
        request.rounds = rounds
        try CollectiveCommand.run { world in
            var observer = ComparisonRunner.Observer()
            var display: ProgressDisplay?
            if world.rank == 0 {
                observer.warned = { StandardStreams.error("mpinfer: warning: \($0)\n") }
                if !quiet {
                    let shown = ProgressDisplay(isTerminal: StandardStreams.errorIsTerminal, unit: "runs") {
                        StandardStreams.error("mpinfer: \($0)\n")
                    }
                    observer.measured = { shown.show($0, of: $1) }
                    display = shown
                }
            }
            let runner = try ComparisonRunner(world: world, observer: observer)
            var files: Files?
            let load = {
                files = try Files(csv: csv, markdown: markdown, pictures: pictures)
                return try options.load()
            }
            guard let report = try runner.run(load: load, request: request) else { return }
            display?.finish()
            try files?.write(report)
            try StandardStreams.output(json ? JSONLayout.text(report) : report.text)
        }
    }

    /// What is written besides what is printed.
    private struct Files {
        let csv: DestinationFile?
        let markdown: DestinationFile?
        let pictures: PictureOutputs

        init(csv: String?, markdown: String?, pictures: PictureOptions) throws {
            self.csv = try csv.map { path throws in try DestinationFile(path) }
            self.markdown = try markdown.map { path throws in try DestinationFile(path) }
            self.pictures = try pictures.outputs()
        }

        func write(_ report: ComparisonReport) throws {
            try csv?.write(report.csv)
            try markdown?.write(report.markdown)
            try pictures.write(report)
        }
    }
}

/// Values with commas between them, as in `1,2,4`.
struct CommaSeparated<Value: LosslessStringConvertible & Sendable>: ExpressibleByArgument, Sendable {
    let values: [Value]

    init(_ values: [Value]) { self.values = values }

    init?(argument: String) {
        let parts = argument.split(separator: ",").map { Value(String($0)) }
        guard !parts.isEmpty, parts.allSatisfy({ $0 != nil }) else { return nil }
        values = parts.map { $0! }
    }

    var defaultValueDescription: String { values.map(\.description).joined(separator: ",") }
}
