import Foundation
import TestSupport
import Testing

/// Messages about launches that are probably mistakes.
@Suite struct LaunchTests {
    private func job(_ folder: ScratchFolder) throws -> TestJob {
        var model = TinyModel()
        model.input("x", [nil, 3])
        model.constant("one", shape: [1], [1] as [Float])
        model.node("Add", "y", ["x", "one"])
        model.output("y", [nil, 3])
        return try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            inputs: [
                ("x", folder.write(NumPyArray.file(shape: [2, 3], [Float](repeating: 1, count: 6)), to: "x.npy"))
            ],
            microbatch: 2, folder: folder)
    }

    @Test(
        "cores that binding leaves idle",
        .enabled(
            if: ProcessInfo.processInfo.activeProcessorCount > 1,
            "a launcher that has one core alone can leave none idle"),
        arguments: ["core", "none"])
    func idleCores(binding: String) throws {
        let job = try job(ScratchFolder())
        let run = try MPILauncher.run(
            executable: "mpinfer", ranks: 1, arguments: ["run", job.specification, "-q"],
            launcherArguments: ["--bind-to", binding])
        try MPInfer.expectSuccess(run)
        let isSaid = run.stderr.contains("cores are used, since the launcher has bound the rank to them")
        #expect(isSaid == (binding == "core"), "\(run)")
    }

    /// As MPICH's mpiexec starts ranks; Open MPI understands none of it.
    @Test("N jobs of one rank", arguments: ["0", "1"]) func singletons(rank: String) throws {
        let job = try job(ScratchFolder())
        let environment = [
            "PMI_RANK": rank, "PMI_SIZE": "2", "PMI_FD": "9", "MPI_LOCALNRANKS": "2", "MPI_LOCALRANKID": rank,
        ]
        let run = try job.run(["-q"], environment: environment)
        job.expectFailure(run)
        // One of them reports it for all.
        #expect(run.stderr.contains("mpinfer: error: ") == (rank == "0"), "\(run)")
        #expect(run.stderr.contains("the mpirun that belongs to it") == (rank == "0"), "\(run)")
        let meant = environment.merging(["MPINFER_SINGLE_RANKS": "1"]) { $1 }
        try MPInfer.expectSuccess(try job.run(["-q"], environment: meant))
    }
}
