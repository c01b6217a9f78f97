import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Jobs that are killed, or asked to end, at any moment: their results are the old ones or the new ones.
@Suite struct KillTests {
    private static let pictureCount = 300

    /// Each item is a gray picture; the value is the run's.
    private func job(_ folder: ScratchFolder, value: Int) throws -> TestJob {
        var model = TinyModel()
        model.input("x", [nil, 8, 8])
        model.constant("zero", shape: [1], [0] as [Float])
        model.node("Add", "y", ["x", "zero"])
        model.output("y", [nil, 8, 8])
        let count = Self.pictureCount
        let values = [Float](repeating: Float(value), count: count * 64)
        return try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            inputs: [("x", folder.write(NumPyArray.file(shape: [count, 8, 8], values), to: "x.npy"))], microbatch: 16,
            formats: [],
            others: ["outputs: {folder: out, formats: [npy], images: {folder: out/pictures, from: [y], scale: 1}}"],
            folder: folder)
    }

    /// The results that are seen, each with a digest of what is in it.
    private func results(_ folder: ScratchFolder) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in folder.names(in: "out") where !name.hasPrefix(".") && name.contains(".") {
            files[name] = try folder.bytes("out/\(name)")
        }
        return files
    }

    private func start(_ job: TestJob, signal: String, after seconds: Double, ranks: Int? = nil) throws -> ProcessRun {
        let launcher = ranks.map { "mpirun --oversubscribe -np \($0) " } ?? ""
        return try MPILauncher.runAlone(
            executable: "/bin/bash",
            arguments: [
                "-c",
                "\(launcher)\"$1\" run \"$2\" -q >\"$3/report\" & sleep \(seconds); kill -\(signal) $! 2>\"$3/kill\"; wait $!",
                "bash", BuiltExecutable.path("mpinfer"), job.specification, job.folder.path,
            ])
    }

    private var hidden: (ScratchFolder) -> [String] { { $0.names.filter { $0.contains(".mpinfer") } } }

    @Test("SIGKILL at random moments", arguments: [false, true]) func killed(holdsOthers: Bool) throws {
        let folder = try ScratchFolder()
        var state: [[String: [UInt8]]] = []
        for value in [10, 200] {
            let run = try job(folder, value: value).run(["-q"])
            try MPInfer.expectSuccess(run)
            state.append(try results(folder))
            #expect(state.last?.count == Self.pictureCount + 1)
        }
        #expect(state[0] != state[1])
        if holdsOthers { try folder.write("mine", to: "out/pictures/mine") }
        var current = 1
        let count = MPInfer.isFullCampaign() ? 300 : 8
        let whole = try job(folder, value: 200).run(["-q"]).seconds
        var kills = 0
        for index in 0..<count {
            let job = try job(folder, value: current == 1 ? 10 : 200)
            let run = try start(job, signal: "KILL", after: whole * (0.3 + 0.8 * Double(index) / Double(count)))
            if run.status == 137 { kills += 1 }
            // In a folder that holds others' files, the next start finishes what was begun.
            if holdsOthers {
                let next = try job.run(["-q", "--set", "model=none.onnx"])
                #expect(next.status == 1)
                if hidden(folder).contains(where: { $0.hasSuffix("record.json") }) {
                    current = 1 - current
                    try MPInfer.expectSuccess(try job.run(["-q"]))
                }
            }
            var found = try results(folder)
            found["pictures/mine"] = nil
            let known = state.firstIndex { $0 == found }
            #expect(known != nil, "neither the old nor the new: \(found.count) files")
            current = known ?? current
        }
        #expect(kills > 0)
        try MPInfer.expectSuccess(try job(folder, value: 10).run(["-q"]))
        #expect(hidden(folder).isEmpty, "\(hidden(folder))")
        #expect(folder.names(in: "out/pictures").contains("mine") == holdsOthers)
    }

    @Test("SIGTERM and SIGINT take the unfinished away", arguments: [("TERM", 143), ("INT", 130)])
    func ended(signal: String, code: Int) throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 8])
        for index in 0..<6 {
            let height = index == 0 ? 8 : 1024
            model.constant(
                "weights\(index)", shape: [height, 1024], [Float](repeating: 1e-3, count: height * 1024))
            model.node("MatMul", "layer\(index)", [index == 0 ? "x" : "layer\(index - 1)", "weights\(index)"])
        }
        model.output("layer5", [nil, 1024])
        // Far longer than mpirun takes to pass the signal on.
        let input = NumPyArray.file(shape: [100_000, 8], [Float](repeating: 1, count: 800_000))
        let job = try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"), inputs: [("x", folder.write(input, to: "x.npy"))],
            microbatch: 4, folder: folder)
        // A shell has its children in the background ignore SIGINT, so the test program sends it.
        for ranks in [nil, 2] {
            let launcher = ranks.map { "mpirun --oversubscribe -np \($0) " } ?? ""
            let script = """
                import signal, subprocess, sys, time, os
                signal.signal(signal.SIGINT, signal.default_int_handler)
                command = sys.argv[1].split() + sys.argv[2:5] + ["-q"]
                process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                place = sys.argv[5] + "/.out.mpinfer/new/layer5.npy"
                end = time.time() + 60
                while not os.path.exists(place) and time.time() < end: time.sleep(0.02)
                time.sleep(0.2)
                process.send_signal(signal.SIG\(signal))
                sys.exit(process.wait() % 256 if process.wait() >= 0 else 99)
                """
            let run = try MPILauncher.runAlone(
                executable: "/usr/bin/python3",
                arguments: [
                    "-c", script, launcher, try BuiltExecutable.path("mpinfer"), "run", job.specification, folder.path,
                ],
                // mpirun of Open MPI 4 waits these seconds before SIGTERM, and again before SIGKILL.
                environment: ["OMPI_MCA_odls_base_sigkill_timeout": "1"])
            #expect(ranks != nil ? run.status != 0 : run.status == code, "\(run)")
            #expect(run.seconds < 60)
            #expect(run.stderr.contains("mpinfer: ended by SIG"), "\(run)")
            #expect(folder.names == ["job.yaml", "model.onnx", "x.npy"], "\(folder.names)")
        }
    }

    @Test("two runs into one folder at once: the second is refused") func twoAtOnce() throws {
        let folder = try ScratchFolder()
        let job = try job(folder, value: 10)
        // Somebody who has the lock.
        let run = try MPILauncher.runAlone(
            executable: "/bin/bash",
            arguments: [
                "-c", "mkdir \"$3/.out.mpinfer\"; exec flock \"$3/.out.mpinfer/lock\" \"$1\" run \"$2\" -q", "bash",
                BuiltExecutable.path("mpinfer"), job.specification, folder.path,
            ])
        MPInfer.expectFailure(run, ["out: another run of mpinfer is writing into this folder"])
        // The lock of a process that has ended.
        try MPInfer.expectSuccess(try job.run(["-q"]))
        #expect(hidden(folder).isEmpty)
    }
}
