public import Graphs
public import Tensors

/// Computes single operators on tensors in memory: constants while a graph is bound or loaded, cases of a test suite.
public enum ConstantEvaluation {
    /// What `BoundGraph` folds with.
    public static let evaluator: ConstantEvaluator = { operation, operands, outputs in
        guard !outputs.isEmpty else {
            return try NodeEvaluation.evaluate(operation, operands: operands, pool: .caller)
        }
        return try evaluate(operation, operands: operands, outputs: outputs)
    }

    /// - Parameters:
    ///   - outputs: the types that `operation` infers for these operands.
    ///   - fed: operands that are no constants to the kernel, so that it is the one which a run would take.
    public static func evaluate(
        _ operation: Operation, operands: [Tensor?], outputs: [TensorType], fed: Set<Int> = [],
        pool: WorkerPool = .caller
    ) throws -> [Tensor] {
        var graph = Graph(name: "constant")
        let inputs = operands.enumerated().map { index, tensor in
            tensor.map { tensor in
                fed.contains(index)
                    ? graph.addInput(
                        named: "operand\(index)", dtype: tensor.dtype,
                        dimensions: tensor.shape.dimensions.map(Dimension.fixed))
                    : graph.addConstant(named: "operand\(index)", .tensor(tensor))
            }
        }
        let weights = StageWeights(graph)
        let request = KernelRequest(
            operation: operation, inputTypes: operands.map { $0?.type }, outputTypes: outputs, identity: ValueID(0),
            inputs: inputs, weights: weights)
        let kernel = try KernelFactory.makeKernel(request)
        try SystemMemory.require(outputs.reduce(0) { $0 + $1.byteCount }, for: "the result of \(operation.name)")
        let results = outputs.map { Tensor(uninitialized: $0.dtype, shape: $0.shape) }
        let scratchStride = (kernel.scratchByteCount + 63) & ~63
        let scratch = Storage(byteCount: scratchStride * pool.threadCount)
        let inputPointers = operands.map { $0?.pointer }
        let outputPointers = results.map { Optional($0.pointer) }
        try inputPointers.withUnsafeBufferPointer { inputs in
            try outputPointers.withUnsafeBufferPointer { outputs in
                try kernel.run(
                    KernelOperands(inputs: inputs, outputs: outputs),
                    KernelContext(pool: pool, scratch: scratch.pointer, scratchStride: scratchStride))
            }
        }
        withExtendedLifetime((operands, scratch)) {}
        return results
    }
}
