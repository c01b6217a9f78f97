import FoundationEssentials
import TestSupport
import Testing

/// A failure on one rank ends the job on all of them, at once and in that rank's words.
@Suite struct RankFailureTests {
    /// Eight layers on one number an item; one of them looks the number up in a table of 1,000. Item 237 is 5000.
    private func lookup(inLayer layer: Int) throws -> TestJob {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 1], .int64)
        model.constant("one", shape: [1], [1] as [Int64])
        model.constant("table", shape: [1000], (0..<1000).map(Int64.init))
        for index in 0..<8 {
            let source = index == 0 ? "x" : "layer\(index - 1)"
            if index == layer {
                model.node("Gather", "layer\(index)", ["table", source], attributes: [("axis", 0)])
            } else {
                model.node("Add", "layer\(index)", [source, "one"])
            }
        }
        model.output("layer7", [nil, 1], .int64)
        let items = (0..<500).map { $0 == 237 ? 5000 : Int64($0 % 100) }
        return try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            inputs: [("x", folder.write(NumPyArray.file(shape: [500, 1], items), to: "x.npy"))], microbatch: 3,
            formats: ["npy", "csv"], others: ["parallelism: {strategy: uniform}"], folder: folder)
    }

    @Test("an item that one layer cannot do", arguments: [0, 3, 7]) func item(layer: Int) throws {
        let job = try lookup(inLayer: layer)
        for (ranks, starts) in [(1, [0]), (2, [0, 4]), (3, [0, 3, 6]), (8, Array(0..<8))] {
            let rank = try #require(starts.lastIndex { $0 <= layer })
            let run = try job.run(ranks: ranks, ["-q"])
            // An index that the model has computed belongs to no item: what is known is the microbatch.
            let items = layer == 0 ? "at item 237;" : "at one of the items 237, 238, 239;"
            job.expectFailure(
                run, "mpinfer: error: rank \(rank): \(job.folder.path)/model.onnx: node 'layer\(layer)'",
                "index \(5000 + layer)", items,
                "the values come from input 'x' (", within: 15)
            // The other ranks print nothing.
            #expect(run.stderr.components(separatedBy: "error: ").count == 2, "\(run)")
        }
    }

    /// Eight dense layers whose weights lie in a file, each more than what travels with the graph.
    private func dense() throws -> TestJob {
        let folder = try ScratchFolder()
        let width = 100
        let byteCount = 4 * width * width
        var model = TinyModel()
        model.input("x", [nil, .number(width)])
        for index in 0..<8 {
            model.constant("weights\(index)", shape: [width, width], file: "weights.bin", offset: index * byteCount)
            model.node("MatMul", "layer\(index)", [index == 0 ? "x" : "layer\(index - 1)", "weights\(index)"])
        }
        model.output("layer7", [nil, .number(width)])
        try folder.write([UInt8](repeating: 0, count: 8 * byteCount), to: "weights.bin")
        let input = NumPyArray.file(shape: [20, width], [Float](repeating: 1, count: 20 * width))
        return try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            inputs: [("x", folder.write(input, to: "x.npy"))], microbatch: 2,
            others: ["parallelism: {strategy: uniform}"], folder: folder)
    }

    /// Runs the job's ranks through a shell script that finds its rank, the job's folder and the number of the rank
    /// that something is to happen to.
    private func run(
        _ job: TestJob, ranks: Int, victim: Int, script: String, _ arguments: [String] = []
    ) throws -> ProcessRun {
        let start = """
            rank=$OMPI_COMM_WORLD_RANK; folder=$1; victim=$2; shift 2
            \(script)
            exec "$@"
            """
        return try MPILauncher.run(
            executable: "/bin/sh", ranks: ranks,
            arguments: [
                "-c", start, "sh", job.folder.path, "\(victim)", BuiltExecutable.path("mpinfer"), "run",
                job.specification, "-q",
            ] + arguments, timeout: 120)
    }

    /// Whether this machine lets a process have mounts of its own.
    private static let canMount: Bool = {
        let script = "mount -t tmpfs -o size=64k none /mnt"
        return (try? ProcessRun.run("unshare", ["-m", "sh", "-c", script], timeout: 10).succeeded) == true
    }()

    /// On a cluster, a node may see another state of a file than rank 0 did.
    @Test(
        "weights that one rank does not find", .enabled(if: canMount, "needs the right to mount"),
        arguments: [(2, 1), (3, 1), (3, 2), (8, 5), (8, 7)])
    func weights(ranks: Int, victim: Int) throws {
        let job = try dense()
        try job.folder.write([UInt8](repeating: 0, count: 1000), to: "short.bin")
        let script = """
            if [ $rank = $victim ]; then
                exec unshare -m sh -c 'mount --bind "$0/short.bin" "$0/weights.bin" && exec "$@"' "$folder" "$@"
            fi
            """
        let run = try run(job, ranks: ranks, victim: victim, script: script)
        job.expectFailure(run, "mpinfer: error: rank \(victim): ", "weights.bin", within: 15)
    }

    /// 3,000 items of 1,024 numbers, which is 12 MB as an array and more as text.
    private func wide() throws -> TestJob {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 1])
        model.constant("row", shape: [1024], [Float](repeating: 1.5, count: 1024))
        model.node("Add", "sum", ["x", "row"])
        model.node("Add", "y", ["sum", "row"])
        model.output("y", [nil, 1024])
        let input = NumPyArray.file(shape: [3000, 1], [Float](repeating: 1, count: 3000))
        return try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"), inputs: [("x", folder.write(input, to: "x.npy"))],
            microbatch: 8, folder: folder)
    }

    @Test(
        "a disk that is full", .enabled(if: canMount, "needs the right to mount"), arguments: ["npy", "csv", "jsonl"])
    func fullDisk(format: String) throws {
        let job = try wide()
        try FileManager.default.createDirectory(atPath: "\(job.folder.path)/disk", withIntermediateDirectories: true)
        // The disk is there for the last rank only, and with it the way to see what is left on it.
        let script = """
            if [ $rank = $victim ]; then
                exec unshare -m sh -c 'mount -t tmpfs -o size=2m none "$0/disk" || exit 9
                    "$@"; code=$?; find "$0/disk" -mindepth 1 >"$0/left.txt"; exit $code' "$folder" "$@"
            fi
            """
        for ranks in [1, 2] {
            let run = try run(
                job, ranks: ranks, victim: ranks - 1, script: script,
                ["--set", "outputs={folder: disk/out, formats: [\(format)]}"])
            job.expectFailure(
                run, "mpinfer: error: rank \(ranks - 1): ", "disk/out/y.\(format)", "No space left on device")
            #expect(job.folder.names(in: "disk").isEmpty)
            #expect(try job.folder.text("left.txt").isEmpty)
        }
    }

    /// The system would end the process with a signal.
    @Test("a limit on the size of files", arguments: ["npy", "csv"]) func fileSizeLimit(format: String) throws {
        let job = try wide()
        // In blocks of 512 bytes; larger than what MPI itself puts into files.
        let script = "if [ $rank = $victim ]; then ulimit -f 12000; fi"
        for ranks in [1, 2] {
            let run = try run(
                job, ranks: ranks, victim: ranks - 1, script: script, ["--set", "outputs.formats=[\(format)]"])
            job.expectFailure(run, "mpinfer: error: rank \(ranks - 1): ", "out/y.\(format)", "File too large")
        }
    }

    /// A job that takes minutes.
    private func slow() throws -> TestJob {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 8])
        for index in 0..<8 {
            let height = index == 0 ? 8 : 1024
            let weights = (0..<height * 1024).map { Float($0 % 7) / 7 / Float(height) }
            model.constant("weights\(index)", shape: [height, 1024], weights)
            model.node("MatMul", "layer\(index)", [index == 0 ? "x" : "layer\(index - 1)", "weights\(index)"])
        }
        model.constant("narrow", shape: [1024, 1], [Float](repeating: 1, count: 1024))
        model.node("MatMul", "y", ["layer7", "narrow"])
        model.output("y", [nil, 1])
        let input = NumPyArray.file(shape: [200_000, 8], [Float](repeating: 1, count: 1_600_000))
        return try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"), inputs: [("x", folder.write(input, to: "x.npy"))],
            microbatch: 4, formats: ["npy", "csv"], folder: folder)
    }

    @Test("a rank that is killed", arguments: [(1, 0), (2, 0), (2, 1), (8, 0), (8, 4), (8, 7)])
    func killed(ranks: Int, victim: Int) throws {
        let job = try slow()
        // The files are begun as soon as the last rank has loaded, in a hidden folder.
        let script = """
            if [ $rank = $victim ]; then
                (while [ ! -d "$folder/.out.mpinfer" ]; do sleep 0.05; done; sleep 0.5; kill -9 $$) &
            fi
            """
        let run = try run(job, ranks: ranks, victim: victim, script: script)
        #expect(run.status != 0 && !run.timedOut && run.seconds < 30, "\(run)")
        #expect(!run.stdout.contains("speed:"), "it was done before it was killed: \(run)")
        // Nothing is seen but a hidden folder, which the next run takes away.
        #expect(job.folder.names(in: "out").isEmpty)
    }
}
