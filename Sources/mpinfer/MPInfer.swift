internal import ArgumentParser
internal import Files
internal import MPI

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The command line.
@main
struct MPInfer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mpinfer",
        abstract: "Run deep-learning models across the ranks of an MPI job.",
        discussion: """
            Without a subcommand, mpinfer runs a job; without a job, the one that it ships with.

            EXAMPLES
              mpirun -np 8 mpinfer                      run jobs/quickstart.yaml on 8 ranks
              mpirun -np 4 mpinfer run job.yaml         run a job of yours
              mpinfer validate job.yaml                 check a job without running it
              mpinfer plan job.yaml --ranks 4           see how a model would be cut
              mpirun -np 2 mpinfer profile job.yaml     measure what each layer takes
              mpirun -np 2 mpinfer compare job.yaml     measure which way of cutting is best
              mpirun -np 4 mpinfer calibrate -o c.yaml  measure the ranks and the network
              mpinfer inspect model.onnx                see what is in a model

            EXIT CODES
              0   done
              1   it failed; the reason is on standard error
              64  the command line is wrong
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, PlanCommand.self, CompareCommand.self, ProfileCommand.self, CalibrateCommand.self,
            InspectCommand.self, ValidateCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static func main() {
        // A file past the limit on sizes is an error of writing it, and no reason to be killed without a message.
        signal(SIGXFSZ, SIG_IGN)
        // A reader that has gone away is found out by writing.
        signal(SIGPIPE, SIG_IGN)
        // Read now: MPI sets the variables of a launcher for a program that has none.
        let talks = MPISession.launchRank == 0
        Interruption.prepare { name in
            if talks { StandardStreams.error("mpinfer: ended by \(name)\n") }
        }
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            // Every rank parses the same words; one of them is enough to talk about it.
            guard MPISession.launchRank == 0 else {
                let code = exitCode(for: error).rawValue
                // mpirun kills all when one fails, and the one that talks may be late.
                if code != 0 { sleep(1) }
                Glibc.exit(code)
            }
            leave(error)
        }
    }

    /// Ends the program after a failure, with the prefix that all messages of this program have; after `--help` and the
    /// like, in order.
    private static func leave(_ error: any Error) -> Never {
        let code = exitCode(for: error)
        guard code.rawValue != 0 else {
            // Help and the version are results too.
            do { try StandardStreams.output(fullMessage(for: error)) } catch { leave(error) }
            Glibc.exit(0)
        }
        // The parser's own prefix comes before one line, and the usage after it.
        let text = fullMessage(for: error)
        let prefix = "Error: "
        StandardStreams.error(
            "mpinfer: error: \(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)\n")
        Glibc.exit(code.rawValue)
    }
}
