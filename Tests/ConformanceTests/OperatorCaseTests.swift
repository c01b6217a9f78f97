import Testing

/// Single operators compared with ONNX Runtime.
struct OperatorCaseTests {
    @Test("what the node suite leaves out", .enabled(if: NodeCase.Suite.operators.isExpected, OperatorCaseTests.absent))
    func operators() throws { try check(.operators) }

    @Test("its own domain", .enabled(if: NodeCase.Suite.contributed.isExpected, OperatorCaseTests.absent))
    func contributedOperators() throws { try check(.contributed) }

    @Test("numbers of 2, 4 and 8 bits", .enabled(if: NodeCase.Suite.narrow.isExpected, OperatorCaseTests.absent))
    func narrowNumbers() throws { try check(.narrow) }

    @Test(
        "features, linear models and trees", .enabled(if: NodeCase.Suite.learned.isExpected, OperatorCaseTests.absent))
    func learnedOperators() throws { try check(.learned) }

    @Test("NaN, infinities and ties", .enabled(if: NodeCase.Suite.extremes.isExpected, OperatorCaseTests.absent))
    func extremes() throws { try check(.extremes) }

    private static let absent: Comment = "no test material; 'make material' makes it"

    private func check(_ suite: NodeCase.Suite) throws {
        let names = suite.names
        try #require(!names.isEmpty)
        for name in names {
            do {
                let test = try suite.load(name)
                try #require(test.skip == nil)
                try test.check()
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
    }
}
