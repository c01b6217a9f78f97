internal import ArgumentParser
internal import Files
internal import Jobs
internal import MPI

/// Measures what the layers of a job's model take.
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Measure what each layer of a job's model takes on this processor.",
        discussion: """
            Every rank that mpirun or srun starts computes the whole model on the job's own items, all at the same time, since
            the cores of a node share its memory: start as many ranks on a node as the job will have there. The medians go
            into a cache that plan, compare and run look into, and into a file with -o.

            EXAMPLES
              mpirun -np 2 mpinfer profile job.yaml
              mpirun -np 2 mpinfer profile job.yaml --set schedule.microbatch=8 -o profile.json
              mpirun -np 2 mpinfer profile job.yaml --microbatches 1,2,4,8,16    for schedule.microbatch: auto
            """)

    @OptionGroup var options: JobOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Write the profile here too.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Microbatch sizes to measure; the job's when left out.", valueName: "numbers"))
    var microbatches: CommaSeparated<Int> = .init([])

    @Option(help: "Rounds of measurement at least.")
    var rounds = 7

    @Option(help: ArgumentHelp("Measure for so many seconds at least.", valueName: "seconds"))
    var duration = 2.0

    @Flag(help: "Print the profile as JSON.")
    var json = false

    func validate() throws {
        guard (1...10_000).contains(rounds) else { throw ValidationError("--rounds must be from 1 to 10000") }
        for size in microbatches.values where !(1...65536).contains(size) {
            throw ValidationError("--microbatches must be from 1 to 65536, found \(size)")
        }
        guard output == nil || microbatches.values.count < 2 else {
            throw ValidationError("-o takes one profile: measure one size of microbatches with it")
        }
        guard 0...86400 ~= duration else {
            throw ValidationError("--duration must be from 0 to 86400 seconds, found \(duration)")
        }
    }

    func run() throws {
        try CollectiveCommand.run { world in
            var effort = ProfileRunner.Effort()
            effort.rounds = rounds
            effort.seconds = duration
            let runner = try ProfileRunner(world: world)
            var file: DestinationFile?
            let sizes: [Int?] = microbatches.values.isEmpty ? [nil] : microbatches.values
            for size in sizes {
                let begin = {
                    file = try output.map { path throws in try DestinationFile(path) }
                    return try load(size)
                }
                if let profile = try runner.run(load: begin, effort: effort) { try keep(profile, in: file) }
            }
        }
    }

    private func load(_ size: Int?) throws -> JobSpecification {
        var job = try options.load()
        if let size { job.schedule.microbatch = .exactly(size) }
        return job
    }

    private func keep(_ profile: ModelProfile, in file: DestinationFile?) throws {
        if let file { try profile.write(to: file) }
        let kept = try ProfileCache().keep(profile)
        try StandardStreams.output(json ? JSONLayout.text(profile) : profile.text + "\nkept in \(kept)")
    }
}
