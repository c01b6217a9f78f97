internal import ArgumentParser
internal import Files
internal import FoundationEssentials
internal import Jobs
internal import Logging
internal import MPI
internal import Planning

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Runs a job on all ranks that mpirun or srun has started.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a job on the ranks that were launched.",
        discussion: """
            Start it under mpirun or srun; started alone it is a job of one rank.

            EXAMPLES
              mpirun -np 8 mpinfer run job.yaml
              srun --mpi=pmix -n 8 mpinfer run job.yaml --json > report.json
              mpirun -np 4 mpinfer run job.yaml --set schedule.microbatch=16 --set threads=2
              mpirun -np 4 mpinfer run job.yaml --plan plan.json
              mpirun -np 4 mpinfer run job.yaml --report report.html --trace trace.json
            """)

    @OptionGroup var options: JobOptions

    @Option(help: ArgumentHelp("Use a plan that 'mpinfer plan -o' wrote.", valueName: "file"))
    var plan: String?

    @Option(
        help: ArgumentHelp(
            "Plan again from the times that the run took, and write the plan, for run --plan.", valueName: "file"))
    var replan: String?

    @OptionGroup var pictures: PictureOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say more, on all ranks.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "No progress.")
    var quiet = false

    func validate() throws {
        // As the default command, this one is also given words that were meant to be a command.
        let word = options.job
        if !word.contains("/"), !word.contains("."), access(word, F_OK) != 0 {
            throw ValidationError("there is no command '\(word)', and no job of this name; see 'mpinfer --help'")
        }
    }

    func run() throws {
        try CollectiveCommand.run { world in
            let logger = makeLogger(rank: world.rank)
            var plan: DestinationFile?
            var drawn: PictureOutputs?
            let load = {
                plan = try replan.map { path throws in try DestinationFile(path) }
                drawn = try pictures.outputs()
                return try options.load()
            }
            guard let report = try runJob(world, logger, load: load) else { return }
            if let plan { try PlanFile(report.replanned).write(to: plan) }
            try drawn?.write(report)
            try show(report)
        }
    }

    private func runJob(
        _ world: Communicator, _ logger: Logger, load: () throws -> JobSpecification
    ) throws -> JobReport? {
        let display = ProgressDisplay(isTerminal: StandardStreams.errorIsTerminal) { logger.info("\($0)") }
        var observer = JobRunner.Observer()
        observer.warned = { logger.warning("\($0)") }
        observer.planned = { job in
            logger.info("\(job.model.path): \(job.chain.layers.count) layers on \(job.plan.rankCount) ranks")
            logger.info("\(job.batching.itemCount) items in \(job.batching.microbatchCount) microbatches")
        }
        observer.loaded = { rank, threads in
            logger.debug("rank \(rank) computes with \(threads.threadCount) threads (\(threads.origin.rawValue))")
        }
        if !quiet { observer.progressed = { display.show($0, of: $1) } }
        defer { display.finish() }
        return try JobRunner(world: world, observer: observer).run(load: load, planPath: plan)
    }

    private func show(_ report: JobReport) throws {
        try StandardStreams.output(json ? JSONLayout.text(report) : report.text)
    }

    private func makeLogger(rank: Int) -> Logger {
        let isSilent = rank != 0 && !verbose
        let level: Logger.Level = verbose ? .debug : quiet ? .warning : .info
        LoggingSystem.bootstrap { label in
            guard !isSilent else { return SwiftLogNoOpLogHandler() }
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        var logger = Logger(label: "mpinfer")
        if verbose { logger[metadataKey: "rank"] = "\(rank)" }
        return logger
    }
}
