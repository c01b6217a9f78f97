internal import ArgumentParser
internal import Files
internal import Jobs
internal import MPI
internal import Planning
internal import Runtime

/// Measures the launched ranks and the network between them.
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Measure the ranks of a job and the links between them, for planning.",
        discussion: """
            Start as many ranks on as many nodes as jobs will have. All ranks compute at the same time to find their speeds; then
            pairs of ranks exchange messages while the others sleep. The file that -o writes is what parallelism.cluster and
            mpinfer plan --cluster take.

            EXAMPLES
              mpirun -np 4 mpinfer calibrate -o cluster.yaml
              srun --mpi=pmix -n 64 mpinfer calibrate -o cluster.yaml
              mpirun -np 4 mpinfer compare job.yaml --set parallelism.cluster=cluster.yaml
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("Write the cluster file here.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Threads of each rank; its share of the cores when left out.", valueName: "number"))
    var threads: Int?

    @Flag(help: "Measure for about a second instead of some ten.")
    var brief = false

    @Flag(help: "Print everything that was measured as JSON.")
    var json = false

    func validate() throws {
        if let threads, !(1...4096).contains(threads) {
            throw ValidationError("--threads must be from 1 to 4096, found \(threads)")
        }
    }

    func run() throws {
        try CollectiveCommand.run { world in
            let runner = try CalibrationRunner(world: world)
            var file: DestinationFile?
            let measurement = try runner.run(threads: threads, effort: brief ? .brief : .thorough) {
                file = try output.map { path throws in try DestinationFile(path) }
            }
            guard let measurement else { return }
            var text = json ? try JSONLayout.text(measurement) : measurement.text
            if let output, let file {
                let heading =
                    "What 'mpinfer calibrate' found of \(measurement.speeds.count) ranks on \(measurement.nodes.count) nodes."
                try file.write(ClusterFile(measurement).text(heading: [heading]))
                if !json { text += "\n\nwritten to \(output)" }
            }
            try StandardStreams.output(text)
        }
    }
}
