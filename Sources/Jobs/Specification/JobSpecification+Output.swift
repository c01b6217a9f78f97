extension JobSpecification {
    /// What is written, and where.
    public struct Outputs: Sendable, Codable, Hashable {
        /// Path of the folder that the files go to.
        public var folder = ""
        public var formats = [Format.npy]
        /// Best classes per item in text formats; nil: all values.
        public var top: Int?
        /// What is different for single outputs, by name.
        public var named: [String: NamedOutput] = [:]

        /// The formats that one output is written in.
        public func formats(for output: String) -> [Format] { named[output]?.formats ?? formats }

        /// How many best classes are written of one output; nil: all values.
        public func top(for output: String) -> Int? { named[output]?.top ?? top }
    }

    /// What is different for one output of the model.
    public struct NamedOutput: Sendable, Codable, Hashable {
        public var formats: [Format]?
        public var top: Int?
    }

    /// A kind of file that results are written to.
    public enum Format: String, Sendable, Codable, SpecificationChoice {
        case npy, npz, jsonl, csv

        var help: String {
            switch self {
            case .npy: "one NumPy array, items first"
            case .npz: "one NumPy array for each item, named by its number; for results that differ in shape"
            case .jsonl: "one JSON object per item and line"
            case .csv: "one row per item"
            }
        }
    }
}
