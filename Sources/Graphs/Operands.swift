public import Tensors

/// What is known of a node's operands when its outputs are inferred: types, and elements where these are constant.
public struct Operands: Sendable {
    public struct Operand: Sendable {
        public let type: TensorType
        public let constant: Tensor?

        public init(type: TensorType, constant: Tensor? = nil) {
            self.type = type
            self.constant = constant
        }
    }

    private let operands: [Operand?]

    public init(_ operands: [Operand?]) { self.operands = operands }

    public var count: Int { operands.count }
    public var types: [TensorType?] { operands.map { $0?.type } }

    /// Whether an operand that may be left out is there.
    public func has(_ index: Int) -> Bool { operand(index) != nil }

    public func type(_ index: Int) throws(InferenceError) -> TensorType {
        guard let operand = operand(index) else { throw .mismatch("operand \(index) is missing") }
        return operand.type
    }

    public func shape(_ index: Int) throws(InferenceError) -> Shape { try type(index).shape }

    /// The elements of an operand that decides a shape.
    public func constant(_ index: Int) throws(InferenceError) -> Tensor {
        guard let operand = operand(index) else { throw .mismatch("operand \(index) is missing") }
        guard let tensor = operand.constant else { throw .needsConstant(operand: index) }
        return tensor
    }

    /// The integers in a constant int32 or int64 operand, in row-major order.
    public func integers(_ index: Int) throws(InferenceError) -> [Int] {
        let tensor = try constant(index)
        guard let integers = tensor.integers else {
            throw .mismatch("operand \(index) must hold int64 or int32, not \(tensor.dtype)")
        }
        return integers
    }

    /// The numbers in a constant floating-point operand.
    public func floats(_ index: Int) throws(InferenceError) -> [Float] {
        let tensor = try constant(index)
        guard let floats = tensor.floats else {
            throw .mismatch("operand \(index) must hold floating-point numbers, not \(tensor.dtype)")
        }
        return floats
    }

    private func operand(_ index: Int) -> Operand? { index < operands.count ? operands[index] : nil }
}

extension Tensor {
    /// The elements of an int64 or int32 tensor, in row-major order; nil for other dtypes.
    public var integers: [Int]? {
        switch dtype {
        case .int64: elements(of: Int64.self).map(Int.init)
        case .int32: elements(of: Int32.self).map(Int.init)
        default: nil
        }
    }

    /// The elements of a floating-point tensor, in row-major order; nil for other dtypes.
    public var floats: [Float]? {
        switch dtype {
        case .float32: elements(of: Float.self)
        case .float64: elements(of: Double.self).map(Float.init)
        case .float16: halfPatterns.map { Float(Float16(bitPattern: $0)) }
        case .bfloat16: halfPatterns.map { Float(bitPattern: UInt32($0) << 16) }
        default: nil
        }
    }

    /// The bits of 16-bit elements.
    private var halfPatterns: [UInt16] {
        withBytes { bytes in
            (0..<elementCount).map { UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8 }
        }
    }
}

/// An axis as ONNX counts it (negative from the end), from 0.
public func normalizedAxis(_ axis: Int, rank: Int) throws(InferenceError) -> Int {
    guard axis >= -rank, axis < rank else {
        throw .mismatch("axis \(axis) is outside -\(rank)..<\(rank)")
    }
    return axis < 0 ? axis + rank : axis
}

/// A shape from extents computed out of user input.
public func checkedShape(_ dimensions: [Int]) throws(InferenceError) -> Shape {
    guard let shape = Shape(checking: dimensions) else {
        throw .mismatch("the result would have the impossible extents \(dimensions)")
    }
    return shape
}

/// An extent times a factor from outside, which may be anything.
func product(_ extent: Int, _ factor: Int) throws(InferenceError) -> Int {
    let (product, overflow) = extent.multipliedReportingOverflow(by: factor)
    guard !overflow else { throw .mismatch("\(extent) times \(factor) is past all memory") }
    return product
}

/// The shape of an element-wise result: aligned at the last axis, extents of 1 stretch (NumPy's broadcasting).
public func broadcastShape(_ left: Shape, _ right: Shape) throws(InferenceError) -> Shape {
    let rank = max(left.rank, right.rank)
    var dimensions: [Int] = []
    for axis in 0..<rank {
        let a = axis < rank - left.rank ? 1 : left[axis - (rank - left.rank)]
        let b = axis < rank - right.rank ? 1 : right[axis - (rank - right.rank)]
        guard a == b || a == 1 || b == 1 else { throw .mismatch("shapes \(left) and \(right) do not broadcast") }
        dimensions.append(a == 1 ? b : a)
    }
    return try checkedShape(dimensions)
}
