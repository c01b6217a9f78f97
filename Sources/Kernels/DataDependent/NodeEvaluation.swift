public import Graphs
internal import Tensors

/// Computes single operators on actual values, whose results' shapes may depend on the elements.
public enum NodeEvaluation {
    /// - Parameter operands: nil where one is left out.
    /// - Returns: all outputs that the operator has.
    /// - Throws: `KernelError` or `InferenceError` where the operator cannot take these values.
    public static func evaluate(
        _ operation: Operation, operands: [StageValue?], pool: WorkerPool
    ) throws -> [StageValue?] {
        switch operation {
        case .sequence(let sequence): return [try sequence.evaluate(operands, pool: pool)]
        case .optional(let optional): return [try optional.evaluate(operands)]
        case .identity: return [operands.first ?? nil]
        default: break
        }
        var tensors: [Tensor?] = []
        for (index, operand) in operands.enumerated() {
            guard let operand else {
                tensors.append(nil)
                continue
            }
            guard let tensor = operand.tensor else {
                throw KernelError("operand \(index) is \(operand.summary), and a tensor is needed")
            }
            tensors.append(tensor)
        }
        return try evaluate(operation, operands: tensors, pool: pool).map(StageValue.tensor)
    }

    /// The same for operators that take and make only tensors.
    static func evaluate(_ operation: Operation, operands: [Tensor?], pool: WorkerPool) throws -> [Tensor] {
        let all = Operands(operands.map { $0.map { Operands.Operand(type: $0.type, constant: $0) } })
        let types: [TensorType]
        do throws(InferenceError) {
            types = try operation.attributes.outputTypes(of: all)
        } catch {
            guard case .dataDependent = error else { throw error }
            switch operation {
            case .nonZero: return [try NonZeroEvaluation.coordinates(of: operands[0]!)]
            case .compress(let compress): return [try compress.evaluate(operands[0]!, condition: operands[1]!)]
            case .unique(let unique): return try unique.evaluate(operands[0]!)
            case .nonMaxSuppression(let suppression): return [try suppression.evaluate(operands)]
            default: throw KernelError("nothing computes it on actual values")
            }
        }
        if let known = operation.attributes.outputsKnown(from: all) { return known }
        if operation.attributes.isView, let operand = operands[0] { return [operand.reshaped(types[0].shape)] }
        return try ConstantEvaluation.evaluate(operation, operands: operands, outputs: types, pool: pool)
    }
}
