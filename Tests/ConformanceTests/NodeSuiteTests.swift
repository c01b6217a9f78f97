import FoundationEssentials
import Testing

/// The ONNX backend node suite against a manifest of what passes.
struct NodeSuiteTests {
    /// What a case came to.
    private enum Outcome {
        case passes
        case fails(String)
        /// The suite's arrays could not be written for it.
        case absent(String)
    }

    private static let manifest = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "manifest.txt")

    /// MPINFER_UPDATE_MANIFEST=1 rewrites the manifest instead of holding the cases against it;
    /// MPINFER_CONFORMANCE_REPORT=FILE writes why each other case fails.
    @Test(.enabled(if: NodeCase.Suite.node.isExpected, "no test material; 'make material' makes it"))
    func casesAgreeWithTheManifest() throws {
        let environment = ProcessInfo.processInfo.environment
        var passing: Set<String> = []
        var failures: [String: String] = [:]
        var absent: [String: String] = [:]
        for name in NodeCase.Suite.node.names {
            switch outcome(of: name) {
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
    }

    private func outcome(of name: String) -> Outcome {
        do {
            let node = try NodeCase.Suite.node.load(name)
            if let reason = node.skip, node.values == nil { return .absent(reason) }
            try node.check()
            return .passes
        } catch {
            return .fails("\(error)")
        }
    }
}
