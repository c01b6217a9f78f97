internal import Graphs
internal import Tensors

/// A float32 kernel for operands in float16 or bfloat16: they are widened, computed with, and the results narrowed.
struct WidenedKernel: Kernel {
    let kernel: any Kernel
    /// The types as stored.
    let inputTypes: [TensorType?]
    let outputTypes: [TensorType]

    init(_ request: KernelRequest) throws {
        inputTypes = request.inputTypes
        outputTypes = request.outputTypes
        kernel = try KernelFactory.makeKernel(request.widened())
    }

    var scratchByteCount: Int { kernel.scratchByteCount }
    var absorbedOperands: Set<Int> { kernel.absorbedOperands }

    /// Allocates: the float32 copies are as large as the operands, too large to keep one per thread as scratch.
    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        var copies: [Storage] = []
        var inputs: [UnsafeMutableRawPointer?] = []
        for (index, type) in inputTypes.enumerated() {
            guard let type, type.dtype.isHalfPrecision, let pointer = operands.inputs[index] else {
                inputs.append(operands.inputs[index])
                continue
            }
            let count = type.shape.elementCount
            let copy = Storage(byteCount: count * MemoryLayout<Float>.stride)
            let values = copy.pointer.assumingMemoryBound(to: Float.self)
            let size = type.dtype.byteCount
            context.parallelRanges(count, cost: 1) { range in
                HalfPrecision.widen(
                    type.dtype, pointer + range.lowerBound * size, values + range.lowerBound, count: range.count)
            }
            copies.append(copy)
            inputs.append(copy.pointer)
        }
        var outputs: [UnsafeMutableRawPointer?] = []
        for (index, type) in outputTypes.enumerated() {
            guard index < operands.outputs.count else { break }
            guard type.dtype.isHalfPrecision, operands.outputs[index] != nil else {
                outputs.append(operands.outputs[index])
                continue
            }
            let copy = Storage(byteCount: type.shape.elementCount * MemoryLayout<Float>.stride)
            copies.append(copy)
            outputs.append(copy.pointer)
        }
        // A typed throw does not pass through the closures of `withUnsafeBufferPointer`.
        let inputList = UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>.allocate(capacity: inputs.count)
        let outputList = UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>.allocate(capacity: outputs.count)
        defer {
            inputList.deallocate()
            outputList.deallocate()
        }
        _ = inputList.initialize(from: inputs)
        _ = outputList.initialize(from: outputs)
        try kernel.run(KernelOperands(inputs: .init(inputList), outputs: .init(outputList)), context)
        for (index, type) in outputTypes.enumerated() where type.dtype.isHalfPrecision {
            guard index < outputs.count, let destination = operands.outputs[index], let source = outputs[index] else {
                continue
            }
            let values = source.assumingMemoryBound(to: Float.self)
            let size = type.dtype.byteCount
            context.parallelRanges(type.shape.elementCount, cost: 1) { range in
                HalfPrecision.narrow(
                    type.dtype, values + range.lowerBound, destination + range.lowerBound * size, count: range.count)
            }
        }
        withExtendedLifetime(copies) {}
    }
}
