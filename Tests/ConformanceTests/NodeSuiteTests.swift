import FoundationEssentials
import Testing

/// The ONNX backend node suite against a manifest of what passes.
struct NodeSuiteTests {
    /// The outcome of a case.
    private enum Outcome {
        case passes
        case fails(String)
        /// The suite's arrays could not be written for it.
        case absent(String)
    }

    private static let manifest = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "manifest.txt")

    /// MPINFER_UPDATE_MANIFEST=1 rewrites the manifest instead of comparing the cases with it;
    /// MPINFER_CONFORMANCE_REPORT=FILE writes why each other case fails.
    @Test(.enabled(if: NodeCase.Suite.node.isExpected, "no test material; 'make material' makes it"))
    func casesAgreeWithTheManifest() throws {
        let environment = ProcessInfo.processInfo.environment
        var passing: Set<String> = []
        var failures: [String: String] = [:]
        var absent: [String: String] = [:]
        for name in NodeCase.Suite.node.names {
            switch NodeSuiteTests.outcome(of: name, in: .node) {
            case .passes: passing.insert(name)
            case .fails(let reason): failures[name] = reason
            case .absent(let reason): absent[name] = reason
            }
        }
        let total = passing.count + failures.count + absent.count
        print("ONNX node suite: \(passing.count) of \(total) pass (\(absent.count) have types that no file holds)")
        if let report = environment["MPINFER_CONFORMANCE_REPORT"] {
            let lines = failures.merging(absent) { first, _ in first }.sorted { $0.key < $1.key }
            let text = lines.map { "\($0.key): \($0.value)\n" }.joined()
            try Data(text.utf8).write(to: URL(filePath: report))
        }
        if environment["MPINFER_UPDATE_MANIFEST"] == "1" {
            let text = passing.sorted().map { $0 + "\n" }.joined()
            try Data(text.utf8).write(to: Self.manifest)
            return
        }
        let text = String(decoding: try Data(contentsOf: Self.manifest), as: UTF8.self)
        let listed = text.split(separator: "\n").map(String.init)
        #expect(listed == Set(listed).sorted(), "manifest.txt is to be sorted, each name once")
        for name in listed where !passing.contains(name) {
            Issue.record("\(name) is listed and fails: \(failures[name] ?? absent[name] ?? "there is no such case")")
        }
        for name in passing.subtracting(listed).sorted() { print("passes and is not listed, add it: \(name)") }
        try checkShare(passing: passing, failures: failures)
    }

    /// Every case that does not pass is in excluded.txt, by its name or one of its operators, with the reason; and
    /// those that count pass to 99 of 100 at least.
    private func checkShare(passing: Set<String>, failures: [String: String]) throws {
        let exclusions = try Exclusions()
        var count = (passing: 0, missing: 0, aside: 0)
        for name in passing.union(failures.keys).sorted() {
            let node = try NodeCase.Suite.node.load(name)
            let entry = exclusions.entry(for: name, operators: node.operators ?? [])
            if entry?.kind == .out, passing.contains(name) {
                count.passing += 1
                print("\(name) passes: excluded.txt need not speak of \(entry!.subject) any more")
            } else if passing.contains(name) {
                count.passing += 1
            } else if let entry {
                if entry.kind == .aside { count.aside += 1 } else { count.missing += 1 }
            } else {
                count.missing += 1
                Issue.record(
                    "\(name) fails, and neither it nor its operators stand in excluded.txt: \(failures[name]!)")
            }
        }
        let total = count.passing + count.missing
        let share = Double(count.passing) / Double(max(total, 1))
        print(
            "of float, int and bool cases up to opset 28, \(count.passing) of \(total) pass (\((share * 1000).rounded() / 10) %); "
                + "\(count.aside) are of no kind that mpinfer is for")
        #expect(share >= 0.99)
    }

    /// The suites of whole models are small: what does not pass is in excluded.txt.
    @Test(
        .enabled(if: NodeCase.Suite.node.isExpected, "no test material; 'make material' makes it"),
        arguments: [NodeCase.Suite.pytorchOperator, .pytorchConverted, .simple])
    func smallSuites(_ suite: NodeCase.Suite) throws {
        let exclusions = try Exclusions()
        let names = suite.names
        #expect(!names.isEmpty)
        var passing = 0
        for name in names {
            switch NodeSuiteTests.outcome(of: name, in: suite) {
            case .passes: passing += 1
            case .absent: break
            case .fails(let reason):
                let operators = try suite.load(name).operators ?? []
                guard let entry = exclusions.entry(for: name, operators: operators) else {
                    Issue.record("\(suite.rawValue)/\(name): \(reason)")
                    continue
                }
                print("\(suite.rawValue)/\(name) is excluded: \(entry.reason)")
            }
        }
        print("\(suite.rawValue): \(passing) of \(names.count) pass")
    }

    private static func outcome(of name: String, in suite: NodeCase.Suite) -> Outcome {
        do {
            let node = try suite.load(name)
            if let reason = node.skip, node.values == nil { return .absent(reason) }
            try node.check()
            return .passes
        } catch {
            return .fails("\(error)")
        }
    }
}
