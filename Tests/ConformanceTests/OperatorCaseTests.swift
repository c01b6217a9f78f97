import Testing

/// Single operators beside ONNX Runtime, with what the node suite leaves out.
struct OperatorCaseTests {
    @Test(
        "operators agree with ONNX Runtime",
        .enabled(if: NodeCase.Suite.operators.isExpected, "no test material; 'make material' makes it"))
    func casesAgree() throws {
        let names = NodeCase.Suite.operators.names
        try #require(!names.isEmpty)
        for name in names {
            do {
                let test = try NodeCase.Suite.operators.load(name)
                try #require(test.skip == nil)
                try test.check()
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
    }
}
