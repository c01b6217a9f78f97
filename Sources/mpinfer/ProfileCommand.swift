internal import ArgumentParser
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
            """)

    @OptionGroup var options: JobOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Write the profile here too.", valueName: "file"))
    var output: String?

    @Option(help: "Rounds of measurement at least.")
    var rounds = 7

    @Option(help: ArgumentHelp("Measure for so many seconds at least.", valueName: "seconds"))
    var duration = 2.0

    @Flag(help: "Print the profile as JSON.")
    var json = false

    func validate() throws {
        guard (1...10_000).contains(rounds) else { throw ValidationError("--rounds must be from 1 to 10000") }
        guard duration >= 0, duration.isFinite else { throw ValidationError("--duration must not be negative") }
    }

    func run() throws {
        try CollectiveCommand.run { world in
            var effort = ProfileRunner.Effort()
            effort.rounds = rounds
            effort.seconds = duration
            guard let profile = try ProfileRunner(world: world).run(load: options.load, effort: effort) else { return }
            let kept = try ProfileCache().keep(profile)
            if let output { try profile.write(to: output) }
            StandardStreams.output(json ? try JSONLayout.text(profile) : profile.text + "\nkept in \(kept)")
        }
    }
}
