import Foundation

/// What Package.swift says of its targets, read as text: asking SwiftPM would wait for the build that runs this test.
struct Manifest {
    struct Target {
        let name: String
        /// `systemLibrary`, `target`, `executableTarget` or `testTarget`.
        let kind: String
        /// Targets and products.
        let dependencies: [String]
    }

    let targets: [Target]

    init(_ text: String) throws {
        let code = text.split(separator: "\n").filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }
            .joined(separator: "\n")
        let opening = try Regex(
            #"\.(systemLibrary|target|executableTarget|testTarget)\("#, as: (Substring, Substring).self)
        targets = try code.matches(of: opening).map { match in
            let body = Manifest.balanced(code[match.range.upperBound...], closing: ")")
            let name = try Regex(#"name:\s*"([^"]+)""#, as: (Substring, Substring).self)
            var dependencies: [String] = []
            if let list = body.firstRange(of: "dependencies: [") {
                let entries = Manifest.balanced(body[list.upperBound...], closing: "]")
                let entry = try Regex(
                    #"\.product\(name:\s*"([^"]+)"[^)]*\)|"([^"]+)""#, as: (Substring, Substring?, Substring?).self)
                dependencies = entries.matches(of: entry).compactMap { ($0.output.1 ?? $0.output.2).map(String.init) }
            }
            return Target(
                name: String(body.firstMatch(of: name)!.output.1), kind: String(match.output.1),
                dependencies: dependencies)
        }
    }

    /// The text up to the bracket that closes what is open.
    private static func balanced(_ text: Substring, closing: Character) -> Substring {
        let opening: Character = closing == ")" ? "(" : "["
        var depth = 1
        for index in text.indices {
            if text[index] == opening { depth += 1 }
            if text[index] == closing { depth -= 1 }
            if depth == 0 { return text[..<index] }
        }
        return text
    }
}
