import Graphs
import Tensors
import TestSupport

@testable import Kernels

/// All values of a graph, node by node, each in memory of its own: what a compiled stage must equal bit for bit.
enum Reference {
    static func values(_ bound: BoundGraph, inputs: [ValueID: Tensor]) throws -> [ValueID: Tensor] {
        var values = inputs
        // A kernel may be another where an operand is known before the run.
        var fed = Set(inputs.keys)
        for (value, constant) in bound.graph.constants { values[value] = try constant.load() }
        for node in bound.graph.nodes {
            let operands = node.inputs.map { $0.map { values[$0]! } }
            let types = try node.operation.attributes.outputTypes(
                of: Operands(operands.map { $0.map { Operands.Operand(type: $0.type, constant: $0) } }))
            let fedOperands = node.inputs.indices.filter { index in node.inputs[index].map(fed.contains) ?? false }
            let results = try ConstantEvaluation.evaluate(
                node.operation, operands: operands, outputs: types, fed: Set(fedOperands))
            if !fedOperands.isEmpty { fed.formUnion(node.outputs.compactMap(\.self)) }
            for case (let output?, let result) in zip(node.outputs, results) { values[output] = result }
        }
        return values
    }
}

extension Tensor {
    var bytes: [UInt8] { withBytes { Array($0) } }

    /// Whether both have the same bits, except for what a NaN carries, which depends on the order of the operands.
    func isSame(as other: Tensor) -> Bool {
        guard type == other.type else { return false }
        if bytes == other.bytes { return true }
        func areSame<Bits: FixedWidthInteger>(_: Bits.Type, infinity: Bits) -> Bool {
            zip(bits(as: Bits.self), other.bits(as: Bits.self)).allSatisfy {
                $0 == $1 || ($0 & Bits.max >> 1 > infinity && $1 & Bits.max >> 1 > infinity)
            }
        }
        return switch dtype {
        case .float32: areSame(UInt32.self, infinity: 0x7F80_0000)
        case .float64: areSame(UInt64.self, infinity: 0x7FF0_0000_0000_0000)
        case .float16: areSame(UInt16.self, infinity: 0x7C00)
        case .bfloat16: areSame(UInt16.self, infinity: 0x7F80)
        default: false
        }
    }

    private func bits<Bits: FixedWidthInteger>(as type: Bits.Type) -> [Bits] {
        withBytes { Array($0.bindMemory(to: Bits.self)) }
    }

    /// Numbers of a floating-point type.
    static func of(_ values: [Float], _ dtype: DType, _ shape: Shape) -> Tensor {
        switch dtype {
        case .float64: return Tensor(values.map(Double.init), shape: shape)
        case .float16, .bfloat16:
            let tensor = Tensor(uninitialized: dtype, shape: shape)
            tensor.withMutableBytes { bytes in
                HalfPrecision.narrow(dtype, values, bytes.baseAddress!, count: values.count)
            }
            return tensor
        default: return Tensor(values, shape: shape)
        }
    }

    static func random(
        _ dtype: DType, _ shape: Shape, in range: ClosedRange<Float>, using random: inout SplitMix
    ) -> Tensor {
        .of((0..<shape.elementCount).map { _ in Float.random(in: range, using: &random) }, dtype, shape)
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
