import Graphs
import Kernels
import Tensors

/// All values of a graph, node by node, each in memory of its own: what a compiled stage must equal bit for bit.
enum Reference {
    static func values(_ bound: BoundGraph, inputs: [ValueID: Tensor]) throws -> [ValueID: Tensor] {
        var values = inputs
        for (value, constant) in bound.graph.constants { values[value] = try constant.load() }
        for node in bound.graph.nodes {
            let operands = node.inputs.map { $0.map { values[$0]! } }
            let types = try node.operation.attributes.outputTypes(
                of: Operands(operands.map { $0.map { Operands.Operand(type: $0.type, constant: $0) } }))
            let results = try ConstantEvaluation.evaluate(node.operation, operands: operands, outputs: types)
            for case (let output?, let result) in zip(node.outputs, results) { values[output] = result }
        }
        return values
    }
}

extension Tensor {
    var bytes: [UInt8] { withBytes { Array($0) } }

    /// Whether both have the same bits, but for what a NaN carries, which hangs on the order of the operands.
    func isSame(as other: Tensor) -> Bool {
        guard type == other.type else { return false }
        if bytes == other.bytes { return true }
        guard dtype == .float32 else { return false }
        return zip(elements(of: Float.self), other.elements(of: Float.self)).allSatisfy {
            $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN)
        }
    }
}

/// A tensor between two stretches of bytes that nobody may write.
struct GuardedTensor {
    private static let margin = 192
    private let storage: Storage
    let tensor: Tensor

    init(_ type: TensorType) {
        storage = Storage(byteCount: type.byteCount + 2 * GuardedTensor.margin)
        storage.pointer.initializeMemory(as: UInt8.self, repeating: 0xCD, count: storage.byteCount)
        tensor = Tensor(dtype: type.dtype, shape: type.shape, storage: storage, byteOffset: GuardedTensor.margin)
    }

    init(_ values: Tensor) {
        self.init(values.type)
        values.withBytes { source in tensor.withMutableBytes { $0.copyMemory(from: source) } }
    }

    var isUnharmed: Bool {
        let bytes = UnsafeRawBufferPointer(start: storage.pointer, count: storage.byteCount)
        return withExtendedLifetime(storage) {
            bytes.prefix(GuardedTensor.margin).allSatisfy { $0 == 0xCD }
                && bytes.suffix(GuardedTensor.margin).allSatisfy { $0 == 0xCD }
        }
    }
}
