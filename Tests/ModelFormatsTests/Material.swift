import FoundationEssentials
import Testing

/// The models that Tests/Oracle makes, where they have been made.
enum Material {
    static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["MPINFER_TEST_MATERIAL"] { return folder }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return package.appending(path: ".build/material").path
    }()

    struct Case: Sendable, CustomTestStringConvertible {
        let set: String
        let name: String
        let facts: Facts

        var model: String { "\(Material.folder)/\(set)/\(name)/model.onnx" }
        var testDescription: String { "\(set)/\(name)" }
    }

    /// What case.json says.
    struct Facts: Decodable, Sendable {
        struct File: Decodable, Sendable {
            let name: String
            let file: String
        }
        var opset: Int?
        var operators: [String]?
        var inputs: [File]?
        var outputs: [File]?
        var skip: String?
        var contains: [String]?
    }

    static func isThere(_ set: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(set)") }

    static let absent: Comment = "make the models first: python Tests/Oracle/make_material.py .build/material"

    static func cases(_ sets: String...) -> [Case] {
        var cases: [Case] = []
        for set in sets {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(set)")) ?? []
            for name in names.sorted() {
                guard let json = FileManager.default.contents(atPath: "\(folder)/\(set)/\(name)/case.json"),
                    let facts = try? JSONDecoder().decode(Facts.self, from: json)
                else { continue }
                cases.append(Case(set: set, name: name, facts: facts))
            }
        }
        return cases
    }

    /// The shape that the header of an .npy file tells.
    static func shape(ofArray path: String) throws -> [Int] {
        let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        let header = String(decoding: bytes.prefix(256), as: UTF8.self)
        let after = try #require(header.split(separator: "'shape': (", maxSplits: 1).last)
        let inside = try #require(after.split(separator: ")", omittingEmptySubsequences: false).first)
        return inside.split(separator: ",").compactMap { Int($0.filter(\.isNumber)) }
    }
}
