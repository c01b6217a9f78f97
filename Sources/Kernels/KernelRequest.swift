public import Graphs
public import Tensors

/// What a kernel is made from: the operator, the types of its operands, and the operands that are constant.
public struct KernelRequest {
    public let operation: Operation
    /// nil for operands that are left out.
    public let inputTypes: [TensorType?]
    public let outputTypes: [TensorType]
    /// The node's first result, which names what is packed for it whatever the shapes.
    let identity: ValueID
    let inputs: [ValueID?]
    let weights: StageWeights
    /// Whether half-precision operands are to be seen as float32.
    var widensHalfPrecision = false

    func inputType(_ index: Int) -> TensorType? { index < inputTypes.count ? inputTypes[index] : nil }

    func has(_ index: Int) -> Bool { inputType(index) != nil }

    /// Whether an operand is known before the run.
    func isConstant(_ index: Int) -> Bool {
        index < inputs.count && inputs[index].map(weights.isConstant) ?? false
    }

    /// A constant operand's elements, loaded or computed when this is the first to ask; nil for one that is not constant.
    func constant(_ index: Int) throws -> Tensor? {
        guard isConstant(index), let value = inputs[index] else { return nil }
        return seen(try weights.tensor(value))
    }

    /// Calls `body` with slices of a constant operand, seen as a matrix of `rowCount` rows, one after another, so that
    /// packing needs no second copy of a large weight.
    /// - Precondition: the operand is constant, and its elements divide into the rows.
    func forEachSlice(
        of index: Int, rowCount: Int, _ slices: [Swift.Range<Int>], _ body: (Swift.Range<Int>, Tensor) throws -> Void
    ) throws {
        try weights.forEachSlice(of: inputs[index]!, rowCount: rowCount, slices) { try body($0, seen($1)) }
    }

    private func seen(_ tensor: Tensor) -> Tensor {
        widensHalfPrecision && tensor.dtype.isHalfPrecision ? HalfPrecision.widened(tensor) : tensor
    }

    /// The same request with float32 in place of float16 and bfloat16.
    func widened() -> KernelRequest {
        func widened(_ type: TensorType) -> TensorType {
            type.dtype.isHalfPrecision ? TensorType(.float32, type.shape) : type
        }
        return KernelRequest(
            operation: operation, inputTypes: inputTypes.map { $0.map(widened) }, outputTypes: outputTypes.map(widened),
            identity: identity, inputs: inputs, weights: weights, widensHalfPrecision: true)
    }

    /// Bytes made once per node out of its constants, whatever the shapes (packed weights).
    func packed(_ form: String, make: () throws -> Storage) throws -> Storage {
        // A constant that was folded out of shapes differs from program to program.
        let isShared = inputs.indices.allSatisfy { !isConstant($0) || weights.isFixed(inputs[$0]!) }
        return isShared ? try weights.packed(identity, form: form, make: make) : try make()
    }

    /// The operands as inference sees them, for what a kernel derives the same way.
    func operands() throws -> Operands {
        var operands: [Operands.Operand?] = []
        for index in inputTypes.indices {
            guard let type = inputTypes[index] else {
                operands.append(nil)
                continue
            }
            // Large constants decide no shape; do not load them only to check.
            let isSmall = type.shape.elementCount <= BoundGraph.foldLimit
            operands.append(Operands.Operand(type: type, constant: isSmall ? try constant(index) : nil))
        }
        return Operands(operands)
    }
}
