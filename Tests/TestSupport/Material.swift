internal import FoundationEssentials

/// The models that Tests/Oracle makes, where they have been made.
public enum Material {
    public static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["MPINFER_TEST_MATERIAL"] { return folder }
        return "\(packageFolder)/.build/material"
    }()

    /// Where Package.swift lies.
    public static let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    public struct Case: Sendable, CustomStringConvertible {
        public let set: String
        public let name: String
        public let facts: Facts

        public var folder: String { "\(Material.folder)/\(set)/\(name)" }
        public var model: String { "\(folder)/\(facts.model ?? "model.onnx")" }
        public var description: String { "\(set)/\(name)" }
    }

    /// What a job on the model has to say besides its inputs.
    public struct JobSettings: Decodable, Sendable {
        /// By name of a dimension that the model leaves open.
        public var dimensions: [String: Int]?
        /// Of the outputs; npy where nothing is said.
        public var formats: [String]?
        public var microbatch: Int?
        /// What an item is of each input; what the model shows where nothing is said.
        public var items: String?
    }

    /// What case.json says.
    public struct Facts: Decodable, Sendable {
        public struct File: Decodable, Sendable {
            public let name: String
            public let file: String
            /// Whether its first axis counts items. What has none is the same for all.
            public let countsItems: Bool

            private enum CodingKeys: String, CodingKey { case name, file, axis }

            public init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                name = try container.decode(String.self, forKey: .name)
                file = try container.decode(String.self, forKey: .file)
                countsItems = try !container.contains(.axis) || !container.decodeNil(forKey: .axis)
            }
        }
        /// A file or folder inside the case's own; `model.onnx` when nil.
        public var model: String?
        public var opset: Int?
        public var operators: [String]?
        public var inputs: [File]?
        public var outputs: [File]?
        public var skip: String?
        public var contains: [String]?
        public var rtol: Double?
        /// By input: the output that it is of the item before.
        public var carried: [String: String]?
        public var job: JobSettings?
    }

    public static func isThere(_ sets: String...) -> Bool { isThere(sets) }

    public static func isThere(_ sets: [String]) -> Bool {
        sets.allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
    }

    /// Whether tests without their material fail, and are not just skipped.
    public static var isRequired: Bool { ProcessInfo.processInfo.environment["MPINFER_REQUIRE_MATERIAL"] == "1" }

    public static let absent = "make the models first: make material"

    public static func cases(_ sets: String...) -> [Case] { cases(sets) }

    public static func cases(_ sets: [String]) -> [Case] {
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

    /// What is wrong with a file of the material.
    public struct FileError: Error, CustomStringConvertible {
        public let description: String
    }

    /// The shape that the header of an .npy file tells.
    public static func shape(ofArray path: String) throws -> [Int] {
        let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        let header = String(decoding: bytes.prefix(256), as: UTF8.self)
        guard let after = header.split(separator: "'shape': (", maxSplits: 1).dropFirst().first,
            let inside = after.split(separator: ")", omittingEmptySubsequences: false).first
        else { throw FileError(description: "\(path): no array") }
        return inside.split(separator: ",").compactMap { Int($0.filter(\.isNumber)) }
    }
}
