internal import Graphs
internal import Tensors

/// Scatters elements to the places that their indices name; zeros elsewhere.
struct MaximumUnpoolingKernel: Kernel {
    let count: Int
    /// What the indices count in, and the result, which may be larger.
    let pooled: Shape
    let result: Shape
    let elementByteCount: Int

    var absorbedOperands: Set<Int> { [2] }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let source = operands.inputs[0]!  // [count]
        let indices = operands.input(1, as: Int64.self)  // the same
        let target = operands.outputs[0]!  // result
        let bytes = elementByteCount
        target.initializeMemory(as: UInt8.self, repeating: 0, count: result.elementCount * bytes)
        let limit = pooled.elementCount
        let strides = result.strides
        for element in 0..<count {
            guard indices[element] >= 0, indices[element] < limit else {
                throw KernelError("index \(indices[element]) lies outside of \(pooled)")
            }
            var rest = Int(indices[element])
            var place = rest
            if pooled != result {
                place = 0
                for axis in stride(from: pooled.rank - 1, through: 0, by: -1) {
                    place += rest % pooled[axis] * strides[axis]
                    rest /= pooled[axis]
                }
            }
            MemoryMovement.copy(source + element * bytes, to: target + place * bytes, byteCount: bytes)
        }
    }
}

extension MaximumUnpooling {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        return MaximumUnpoolingKernel(
            count: input.shape.elementCount, pooled: try pooledShape(of: request.operands()),
            result: request.outputTypes[0].shape, elementByteCount: input.dtype.byteCount)
    }
}
