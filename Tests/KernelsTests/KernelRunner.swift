import Graphs
import Tensors
import Testing

@testable import Kernels

/// Runs single kernels as a stage would.
enum KernelRunner {
    /// - Parameters:
    ///   - constants: which operands are known when the kernel is made; those it absorbs are not given to it again.
    ///   - wanted: the results that somebody asks for; the others are not computed. All of them when nil.
    static func run(
        _ operation: Operation, _ operands: [Tensor?], constants: Set<Int> = [], wanted: Set<Int>? = nil,
        threads: Int = 1, items: [Int] = []
    ) throws -> [Tensor] {
        let types = try operation.attributes.outputTypes(
            of: Operands(
                operands.enumerated().map { index, tensor in
                    tensor.map { Operands.Operand(type: $0.type, constant: constants.contains(index) ? $0 : nil) }
                }))
        var graph = Graph(name: "test")
        let inputs = operands.enumerated().map { index, tensor -> ValueID? in
            guard let tensor else { return nil }
            if constants.contains(index) { return graph.addConstant(named: "constant\(index)", .tensor(tensor)) }
            return graph.addInput(
                named: "input\(index)", dtype: tensor.dtype, dimensions: tensor.shape.dimensions.map(Dimension.fixed))
        }
        let kernel = try KernelFactory.makeKernel(
            KernelRequest(
                operation: operation, inputTypes: operands.map { $0?.type }, outputTypes: types, identity: ValueID(0),
                inputs: inputs, weights: StageWeights(graph)))
        let results = types.map { type in
            let result = Tensor(uninitialized: type.dtype, shape: type.shape)
            // What a kernel leaves unwritten must not look like zero.
            _ = result.withMutableBytes { $0.initializeMemory(as: UInt8.self, repeating: 0xCD) }
            return result
        }
        let pool = WorkerPool(threadCount: threads)
        let stride = (kernel.scratchByteCount + 63) & ~63
        let scratch = Storage(byteCount: stride * threads)
        let inputPointers = operands.enumerated().map { index, tensor in
            kernel.absorbedOperands.contains(index) ? nil : tensor?.pointer
        }
        let outputPointers = results.enumerated().map { index, result in
            wanted?.contains(index) ?? true ? Optional(result.pointer) : nil
        }
        try inputPointers.withUnsafeBufferPointer { inputs in
            try outputPointers.withUnsafeBufferPointer { outputs in
                try kernel.run(
                    KernelOperands(inputs: inputs, outputs: outputs),
                    KernelContext(pool: pool, scratch: scratch.pointer, scratchStride: stride, items: items))
            }
        }
        withExtendedLifetime((operands, scratch)) {}
        return results
    }

    /// The results on one thread, after a check that two and three threads give the same bits.
    static func runOnThreads(
        _ operation: Operation, _ operands: [Tensor?], constants: Set<Int> = [], wanted: Set<Int>? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [Tensor] {
        let results = try run(operation, operands, constants: constants, wanted: wanted)
        for threads in 2...3 {
            let others = try run(operation, operands, constants: constants, wanted: wanted, threads: threads)
            for (one, other) in zip(results, others) {
                #expect(
                    one.hasSameBytes(as: other), "\(operation.name) on \(threads) threads",
                    sourceLocation: sourceLocation)
            }
        }
        return results
    }
}

extension Tensor {
    func hasSameBytes(as other: Tensor) -> Bool {
        type == other.type && withBytes { mine in other.withBytes { theirs in mine.elementsEqual(theirs) } }
    }
}

/// Expects results within `tolerance` of the largest expected element.
func expectClose(
    _ result: [Float], _ expected: [Float], tolerance: Float = 1e-5, _ comment: @autoclosure () -> String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(result.count == expected.count, "\(comment())", sourceLocation: sourceLocation)
    let scale = max(expected.map(abs).max() ?? 0, 1e-3)
    let worst = zip(result, expected).map { abs($0 - $1) }.max() ?? 0
    let hasNaN = zip(result, expected).contains { $0.isNaN != $1.isNaN }
    #expect(
        !hasNaN && worst <= tolerance * scale, "\(comment()): off by \(worst), the largest is \(scale)",
        sourceLocation: sourceLocation)
}
