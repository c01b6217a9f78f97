import Foundation
import Testing

@testable import Jobs

/// Compares the files that are made from the schema's tables with the tables.
@Suite struct SpecificationFilesTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let remedy: Comment = "write it anew: MPINFER_REGENERATE=1 swift test --filter SpecificationFilesTests"
    static let isRegenerating = ProcessInfo.processInfo.environment["MPINFER_REGENERATE"] != nil

    @Test func theSchemaIsTheCodes() throws {
        let url = Self.root.appending(path: "jobs/job.schema.json")
        if Self.isRegenerating { try JSONSchema.text.write(to: url, atomically: true, encoding: .utf8) }
        let text = try String(contentsOf: url, encoding: .utf8)
        #expect(text == JSONSchema.text, Self.remedy)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
    }

    @Test func theReferenceIsTheCodes() throws {
        let url = Self.root.appending(path: "docs/job-specification.md")
        var text = try String(contentsOf: url, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- begin of the tables -->\n"))
        let end = try #require(text.range(of: "<!-- end of the tables -->"))
        if Self.isRegenerating {
            text.replaceSubrange(begin.upperBound..<end.lowerBound, with: "\n\(SpecificationReference.text)\n")
            try text.write(to: url, atomically: true, encoding: .utf8)
        } else {
            #expect(
                text[begin.upperBound..<end.lowerBound] == "\n\(SpecificationReference.text)\n", Self.remedy)
        }
    }

    @Test func theExampleOfTheReferenceIsGood() throws {
        let text = try String(contentsOf: Self.root.appending(path: "docs/job-specification.md"), encoding: .utf8)
        let begin = try #require(text.range(of: "```yaml\n"))
        let end = try #require(text.range(of: "```\n", range: begin.upperBound..<text.endIndex))
        let job = try JobSpecification.parse(String(text[begin.upperBound..<end.lowerBound]), path: "example.yaml")
        #expect(job.schedule.microbatch.exact == 4)
    }
}
