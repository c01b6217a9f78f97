import Testing

@testable import Jobs

/// Hostile text: an error or a specification, soon, never a crash.
@Suite(.timeLimit(.minutes(2))) struct SpecificationAttackTests {
    @Test func billionLaughs() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<10 {
            let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(SpecificationErrorTests.issues(text) == ["a.yaml: more than 32 aliases (*name)"])
        #expect(SpecificationErrorTests.issues(text + "? *a9\n: 1\n") == ["a.yaml: more than 32 aliases (*name)"])
    }

    @Test func theWorstThatIsLetThrough() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...10 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n" }
        #expect(SpecificationErrorTests.issues(text).contains { $0.contains("once aliases are expanded") })
        #expect(!SpecificationErrorTests.issues(text + "? *a10\n: 1\n").isEmpty)
    }

    @Test(arguments: ["[", "{a: ", "- ", "? ", "[[[{a: [", "!!seq [", "&a [", "- - ? "]) func nesting(opening: String) {
        for count in [10, 40, 990, 1010, 20_000] {
            #expect(!SpecificationErrorTests.issues(String(repeating: opening, count: count)).isEmpty)
            if opening == "[" {
                let text =
                    "version: 1\nmodel: \(String(repeating: "[", count: count))\(String(repeating: "]", count: count))"
                #expect(!SpecificationErrorTests.issues(text).isEmpty)
            }
        }
    }

    @Test func randomMutations() {
        var generator = Seeded(state: 2)
        let original = Array(JobSpecificationTests.full.utf8)
        let pieces = [
            "*a", "&a ", "- ", "? ", ": ", "{", "}", "[", "]", "\n", "  ", "!!", "|", ">", "\"", "'", "#", "%", "<<",
            "é", "\0", "\t", "---\n", "...", "~", "1e999", "-0", "\\ud800",
        ]
        var goodCount = 0
        for _ in 0..<3000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[position] = .random(in: 0...127, using: &generator)
                case 1: bytes.remove(at: position)
                case 2: bytes.insert(contentsOf: pieces.randomElement(using: &generator)!.utf8, at: position)
                case 3: bytes.removeSubrange(position..<min(bytes.count, position + 20))
                default: bytes.insert(contentsOf: bytes[position..<min(bytes.count, position + 30)], at: position)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                _ = try JobSpecification.parse(text, path: "a.yaml")
                goodCount += 1
            } catch {
                #expect(!error.issues.isEmpty)
            }
        }
        #expect(goodCount > 0)
    }

    @Test func everyPrefix() {
        let bytes = Array(JobSpecificationTests.full.utf8)
        for count in bytes.indices {
            _ = SpecificationErrorTests.issues(String(decoding: bytes[..<count], as: UTF8.self))
        }
    }
}
