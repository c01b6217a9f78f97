internal import Tensors

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
        /// Nil where no pictures are written.
        public var images: ImageOutput?

        /// The formats that one output is written in.
        public func formats(for output: String) -> [Format] { named[output]?.formats ?? formats }

        /// How many best classes are written of one output; nil: all values.
        public func top(for output: String) -> Int? { named[output]?.top ?? top }
    }

    /// Outputs written as PNG files, one for each item.
    public struct ImageOutput: Sendable, Codable, Hashable {
        /// Path of the folder that the files go to.
        public var folder = ""
        /// Names of outputs that are placed side by side, left to right.
        public var from: [String] = []
        /// Nil: 255 for floating-point numbers and truth values, 1 for integers.
        public var scale: Double?
        public var offset = 0.0
        public var layout = Layout.nchw
        /// Pixels along each side of what one value becomes.
        public var magnify = 1
        /// Pixels between two that are placed side by side.
        public var gap = 0

        /// pixel = value * scale + offset.
        func scale(for dtype: DType) -> Double { scale ?? (dtype.isFloatingPoint || dtype == .bool ? 255 : 1) }
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
            case .npz: "one NumPy array for each item, of its name or else its number; for results that differ in shape"
            case .jsonl: "one JSON object per item and line"
            case .csv: "one row per item"
            }
        }
    }
}
