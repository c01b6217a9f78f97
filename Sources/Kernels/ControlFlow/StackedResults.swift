internal import Tensors

/// The results of a loop's iterations, one after the other along a new first axis.
struct StackedResults {
    private let name: String
    private var element: TensorType?
    /// Room for `capacity` elements; grows where the count of iterations is not known.
    private var storage: Tensor?
    private var capacity: Int
    private(set) var count = 0

    /// Room that is made at once for a loop that may end sooner, in bytes.
    private static let eagerLimit = 1 << 24

    /// - Parameter capacity: iterations, at most.
    init(named name: String, capacity: Int) {
        self.name = name
        self.capacity = capacity
    }

    /// Where the next element is to be computed, where its type is known before.
    mutating func buffer(_ type: TensorType?) throws -> Tensor? {
        guard let type else { return nil }
        try reserve(type)
        return storage.map { $0.slice(count..<(count + 1)).reshaped(type.shape) }
    }

    mutating func append(_ value: StageValue) throws {
        guard let tensor = value.tensor else { throw KernelError("'\(name)' would stack \(value.summary)") }
        try reserve(tensor.type)
        guard let storage else { return }
        let target = storage.slice(count..<(count + 1))
        if target.pointer != tensor.pointer {
            tensor.withBytes { source in target.withMutableBytes { $0.copyMemory(from: source) } }
        }
        count += 1
    }

    private mutating func reserve(_ type: TensorType) throws {
        if let element, element != type {
            throw KernelError("'\(name)' would stack \(element) and \(type)")
        }
        if storage == nil {
            element = type
            let eager = max(1, StackedResults.eagerLimit / max(type.byteCount, 1))
            try grow(to: min(capacity, eager))
        } else if let storage, count == storage.shape[0] {
            try grow(to: min(capacity, max(16, 2 * count)))
        }
    }

    private mutating func grow(to rows: Int) throws {
        guard let element else { return }
        let type = TensorType(element.dtype, try checkedStack([rows] + element.shape.dimensions))
        let larger = try NodeRunners.tensor(type, for: name)
        storage?.slice(0..<count).withBytes { source in larger.withMutableBytes { $0.copyMemory(from: source) } }
        storage = larger
    }

    private func checkedStack(_ dimensions: [Int]) throws -> Shape {
        guard let shape = Shape(checking: dimensions) else {
            throw KernelError("'\(name)' would stack \(dimensions) elements")
        }
        return shape
    }

    /// - Parameter type: of an element, where there may be none.
    func result(ofType type: TensorType?) throws -> Tensor {
        if let storage { return storage.slice(0..<count) }
        guard let type = element ?? type else {
            throw KernelError("'\(name)' stacks nothing, and nothing tells its type")
        }
        return Tensor(zeros: type.dtype, shape: try checkedStack([0] + type.shape.dimensions))
    }
}
