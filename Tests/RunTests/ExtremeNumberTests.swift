import FoundationEssentials
import TestSupport
import Testing

/// Extreme numbers, wherever a number is allowed: an exit code and a sentence, and never a signal. The
/// places come from the commands' own help and from the schema of jobs, so that a new one is tested automatically.
@Suite struct ExtremeNumberTests {
    static let numbers = [
        "0", "-1", "1", "2147483647", "2147483648", "4294967296", "9007199254740992", "9223372036854775807",
        "-9223372036854775808", "9223372036854775808", "1e308", "nan", ".inf",
    ]

    private func expectClean(_ run: ProcessRun, _ what: String) {
        #expect([0, 1, 64].contains(run.status) && !run.timedOut, "\(what): \(run)")
        if run.status != 0 { #expect(!run.stderr.isEmpty, "\(what) says nothing") }
    }

    /// The options of a command whose values are numbers, as its help lists them.
    private func numericOptions(of command: String) throws -> [String] {
        let help = try MPInfer.run([command, "--help"]).stdout
        let words = ["ranks", "rounds", "number", "numbers", "seconds", "microbatches", "name=number", "duration"]
        var options: [String] = []
        for line in help.split(separator: "\n") {
            let parts = line.split(separator: " ").map(String.init)
            guard let option = parts.first(where: { $0.hasPrefix("--") }), line.hasPrefix("  "),
                let value = parts.first(where: { $0.hasPrefix("<") && $0.hasSuffix(">") })
            else { continue }
            let name = String(value.dropFirst().dropLast())
            if words.contains(name) || words.contains(where: { name.hasSuffix("-\($0)") }) { options.append(option) }
        }
        return options
    }

    @Test func options() throws {
        let job = try TestJob.sums(layers: 3, items: 4)
        var count = 0
        for command in ["plan", "compare", "profile", "calibrate", "inspect", "validate", "run"] {
            let isMeasuring = ["compare", "profile", "calibrate", "run"].contains(command)
            for option in try numericOptions(of: command) {
                for number in ExtremeNumberTests.numbers where !isMeasuring || !["0", "1"].contains(number) {
                    var arguments = [command]
                    if command == "inspect" { arguments.append("\(job.folder.path)/model.onnx") }
                    if !["inspect", "calibrate"].contains(command) { arguments.append(job.specification) }
                    let value = option == "--dimension" ? "N=\(number)" : number
                    if command == "plan", option == "--export-microbatches" {
                        arguments += ["--export", "simgrid", "traces"]
                    }
                    let run = try MPInfer.run(arguments + ["\(option)=\(value)"], directory: job.folder.path)
                    expectClean(run, "\(command) \(option)=\(value)")
                    count += 1
                }
            }
        }
        #expect(count > 60, "options are no longer found in the help")
    }

    // MARK: Keys of jobs

    /// A key that takes a number, and what the schema lets through.
    private struct Place {
        let key: String
        /// The value in YAML for a number.
        let text: (String) -> String
        var bounds: [String] = []
    }

    private func places(
        _ schema: JSONValue, _ key: String, _ wrap: @escaping (String) -> String = { $0 }
    ) -> [Place] {
        guard case .object(let members) = schema else { return [] }
        var found: [Place] = []
        if case .text(let type)? = members["type"], ["integer", "number"].contains(type) {
            let bounds = ["minimum", "maximum"].compactMap { bound -> String? in
                guard case .number(let value)? = members[bound] else { return nil }
                return String(Int(value))
            }
            found.append(Place(key: key, text: wrap, bounds: bounds))
        }
        if case .object(let properties)? = members["properties"] {
            for (name, inner) in properties.sorted(by: { $0.key < $1.key }) {
                found += places(inner, key.isEmpty ? name : "\(key).\(name)", wrap)
            }
        }
        if let items = members["items"] { found += places(items, key) { wrap("[\($0)]") } }
        if let inner = members["additionalProperties"] { found += places(inner, "\(key).x", wrap) }
        if case .array(let choices)? = members["anyOf"] { for choice in choices { found += places(choice, key, wrap) } }
        return found
    }

    @Test func jobKeys() throws {
        let job = try TestJob.sums(layers: 3, items: 4)
        let text = String(
            decoding: try Data(contentsOf: URL(filePath: "\(Material.packageFolder)/jobs/job.schema.json")),
            as: UTF8.self)
        let schema = try #require(JSONValue.parse(text))
        let places = places(schema, "")
        #expect(places.count > 15)
        for place in places {
            // Each number must be refused or lead to a plan; what is in bounds is planned with.
            let inside = place.bounds + ["1"]
            for number in inside {
                let setting = "\(place.key)=\(place.text(number))"
                expectClean(try MPInfer.run(["plan", job.specification, "--set", setting]), setting)
            }
            // All others at once: the last one counts, and each is read.
            let settings = ExtremeNumberTests.numbers.flatMap { ["--set", "\(place.key)=\(place.text($0))"] }
            expectClean(
                try MPInfer.run(["validate", job.specification, "--specification-only"] + settings), place.key)
        }
    }

    /// A constant for an input that a model says to have 2^33 elements.
    @Test func constantsForHugeInputs() throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 3])
        model.input("c", [.number(1 << 20), .number(1 << 13)])
        model.node("Add", "y", ["x", "c"])
        model.output("y", [nil, 3])
        let job = try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            sources: [
                (
                    "x",
                    "{array: \(try folder.write(NumPyArray.file(shape: [2, 3], [Float](repeating: 1, count: 6)), to: "x.npy"))}"
                ),
                ("c", "{constant: 1}"),
            ], microbatch: 1, folder: folder)
        let run = try MPInfer.run(["plan", job.specification])
        #expect(run.status == 1)
        #expect(run.stderr.contains("inputs.c: the model takes float32 1048576x8192, 32768 MiB"), "\(run)")
    }

    @Test func moreRanksThanLayers() throws {
        let job = try TestJob.sums(layers: 3, items: 4)
        let run = try MPInfer.run(["plan", job.specification, "--ranks", "1000000"])
        #expect(run.status == 1)
        #expect(run.stderr.contains("1000000 pipeline stages are asked for, and the model has 3 layers"), "\(run)")
    }

    // MARK: Memory

    /// A job whose one stage holds about 0.9 GB while it runs.
    private func largeJob() throws -> TestJob {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 1])
        model.constant("axes", shape: [1], [1] as [Int64])
        model.input("c", [.number(1), .number(20_000_000)])
        model.node("Add", "wide", ["x", "c"])
        model.node("Add", "wider", ["wide", "c"])
        model.node("ReduceSum", "y", ["wider", "axes"])
        model.output("y", [nil, 1])
        return try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            sources: [
                (
                    "x",
                    "{array: \(try folder.write(NumPyArray.file(shape: [5, 1], [Float](repeating: 1, count: 5)), to: "x.npy"))}"
                ),
                ("c", "{constant: 1}"),
            ], microbatch: 5, formats: [], folder: folder)
    }

    @Test func ulimitIsSaidBeforeTheRun() throws {
        let job = try largeJob()
        let path = try BuiltExecutable.path("mpinfer")
        let run = try ProcessRun.run(
            "sh", ["-c", "ulimit -d 700000; exec \"$0\" run \"$1\" -q --set threads=1", path, job.specification],
            timeout: 60)
        #expect(run.status == 1 && !run.timedOut, "\(run)")
        #expect(run.stderr.contains("ulimit -d leaves"), "\(run)")
    }
}
