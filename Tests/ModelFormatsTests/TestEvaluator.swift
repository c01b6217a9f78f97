import Graphs
import Tensors

/// The little arithmetic that shapes need; Kernels has the real one.
enum TestEvaluator {
    struct Lacking: Error, CustomStringConvertible {
        let description: String
    }

    static let evaluate: ConstantEvaluator = { operation, operands, outputs in
        func integers(_ index: Int) throws -> [Int] {
            guard let tensor = operands[index] else { throw Lacking(description: "no operand \(index)") }
            return try Operands([.init(type: tensor.type, constant: tensor)]).integers(0)
        }
        func tensor(_ values: [Int]) -> Tensor {
            outputs[0].dtype == .int64
                ? Tensor(values.map(Int64.init), shape: outputs[0].shape)
                : Tensor(values.map(Int32.init), shape: outputs[0].shape)
        }
        if operation.attributes.isView, let operand = operands[0] { return [operand.reshaped(outputs[0].shape)] }
        switch operation {
        case .constantOfShape:
            guard let element = operands[1] else { break }
            let result = Tensor(uninitialized: outputs[0].dtype, shape: outputs[0].shape)
            let size = element.byteCount
            element.withBytes { source in
                result.withMutableBytes { target in
                    for index in target.indices { target[index] = source[index % size] }
                }
            }
            return [result]
        case .concatenation where outputs[0].dtype == .int64:
            return [tensor(try operands.indices.flatMap { try integers($0) })]
        case .gather where outputs[0].dtype == .int64:
            let data = try integers(0)
            return [tensor(try integers(1).map { data[$0 < 0 ? $0 + data.count : $0] })]
        case .cast where outputs[0].dtype == .int64 || outputs[0].dtype == .int32:
            return [tensor(try integers(0))]
        case .slice where outputs[0].dtype == .int64:
            let types = Operands(operands.map { $0.map { .init(type: $0.type, constant: $0) } })
            let range = try Slice().ranges(of: types)[0]
            let data = try integers(0)
            return [tensor((0..<range.count).map { data[range.start + $0 * range.step] })]
        default: break
        }
        // Numbers that no shape depends on: any will do.
        return outputs.map { Tensor(zeros: $0.dtype, shape: $0.shape) }
    }
}
