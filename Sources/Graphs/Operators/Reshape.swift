public import Tensors

/// The same elements under the shape in operand 1: 0 copies an extent (unless `allowsZero`), one -1 takes the rest.
public struct Reshape: OperatorAttributes {
    public var allowsZero: Bool

    public init(allowsZero: Bool = false) { self.allowsZero = allowsZero }

    public var operatorName: String { "Reshape" }
    public var isView: Bool { true }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        var wanted = try operands.integers(1)
        for index in wanted.indices where wanted[index] == 0 && !allowsZero {
            guard index < input.shape.rank else { throw .mismatch("axis \(index) of \(input.shape) cannot be copied") }
            wanted[index] = input.shape[index]
        }
        let free = wanted.indices.filter { wanted[$0] == -1 }
        guard free.count <= 1 else { throw .mismatch("\(wanted) leaves more than one extent open") }
        if let axis = free.first {
            wanted[axis] = 1
            let rest = try checkedShape(wanted).elementCount
            guard rest > 0 ? input.shape.elementCount % rest == 0 : true else {
                throw .mismatch("\(input.shape.elementCount) elements do not divide by \(rest)")
            }
            wanted[axis] = rest > 0 ? input.shape.elementCount / rest : 0
        }
        let shape = try checkedShape(wanted)
        guard shape.elementCount == input.shape.elementCount else {
            throw .mismatch(
                "\(input.shape) has \(input.shape.elementCount) elements, \(shape) has \(shape.elementCount)")
        }
        return [TensorType(input.dtype, shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [operands.relations(0) { .reshaped($0, to: outputs[0].shape) }])
    }
}
