internal import CKernels
internal import Graphs
internal import Tensors

/// A matrix product with constant float32 weights by CKernels, packed once, with a fused epilogue.
struct PackedLinearKernel: Kernel {
    let shape: mpk_linear_shape
    let packed: Storage
    let function: VectorisedFunction
    /// The operands that hold a bias [outFeatures] and a residual of the result's shape.
    let bias: Int?
    let residual: Int?

    var scratchByteCount: Int {
        withUnsafePointer(to: shape) { mpk_linear_scratch_byte_count($0) }
    }

    var absorbedOperands: Set<Int> { [1] }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let input = operands.input(0, as: Float.self)  // [rows, depth]
        let output = operands.output(0, as: Float.self)  // [rows, outFeatures]
        let weights = UnsafePointer(packed.pointer.assumingMemoryBound(to: Float.self))
        let epilogue = function.epilogue(
            bias: bias.flatMap { operands.optionalInput($0) }, residual: residual.flatMap { operands.optionalInput($0) }
        )
        withUnsafePointer(to: shape) { shape in
            withUnsafePointer(to: epilogue) { epilogue in
                let tasks = mpk_linear_task_count(shape, Int32(context.pool.threadCount))
                context.parallel(Int(tasks)) { task, scratch in
                    mpk_linear_run_task(shape, input, weights, epilogue, output, Int32(task), tasks, scratch)
                }
            }
        }
    }

    /// nil where operand 1 is not constant, or CKernels cannot take the sizes.
    ///
    /// - Parameters:
    ///   - areOutputMajor: whether the weights are [outFeatures, depth] and not [depth, outFeatures].
    ///   - factor: that the weights are multiplied with.
    static func make(
        _ request: KernelRequest, rows: Int, depth: Int, outFeatures: Int, areOutputMajor: Bool, factor: Float,
        bias: Int?, residual: Int?, activation: Unary?
    ) throws -> (any Kernel)? {
        guard request.isConstant(1) else { return nil }
        var shape = mpk_linear_shape(
            rows: Int64(rows), depth: Int64(depth), out_features: Int64(outFeatures), input_row_stride: 0,
            output_row_stride: 0,
            weight_layout: Int32(areOutputMajor ? MPK_WEIGHTS_OUT_DEPTH : MPK_WEIGHTS_DEPTH_OUT))
        guard mpk_linear_is_valid(&shape) != 0 else { return nil }
        let packed = try request.packed("linear") {
            try pack(&shape, request, factor: factor)
        }
        // A function that cannot be fused follows on its own.
        let function = activation.map(VectorisedFunction.init) ?? .identity
        let kernel = PackedLinearKernel(
            shape: shape, packed: packed, function: function ?? .identity, bias: bias, residual: residual)
        return try ActivatedKernel.make(kernel, function == nil ? activation : nil, request)
    }

    /// Slice by slice, so that a large matrix is never in memory twice.
    private static func pack(_ shape: inout mpk_linear_shape, _ request: KernelRequest, factor: Float) throws -> Storage
    {
        let areOutputMajor = shape.weight_layout == Int32(MPK_WEIGHTS_OUT_DEPTH)
        let rows = Int(areOutputMajor ? shape.out_features : shape.depth)
        let columns = Int(areOutputMajor ? shape.depth : shape.out_features)
        let step = max(1, ConvolutionWeights.sliceBytes / (columns * MemoryLayout<Float>.stride))
        let packed = Storage(
            byteCount: mpk_linear_packed_weight_count(&shape) * MemoryLayout<Float>.stride, zeroed: true)
        let destination = packed.pointer.assumingMemoryBound(to: Float.self)
        let slices = stride(from: 0, to: rows, by: step).map { $0..<min($0 + step, rows) }
        try request.forEachSlice(of: 1, rowCount: rows, slices) { slice, weights in
            var weights = weights
            if factor != 1 {
                weights = Tensor(weights.elements(of: Float.self).map { $0 * factor }, shape: weights.shape)
            }
            weights.withBytes { bytes in
                let source = bytes.baseAddress!.assumingMemoryBound(to: Float.self)
                let (first, count) = (Int64(slice.lowerBound), Int64(slice.count))
                if areOutputMajor {
                    mpk_linear_pack_weights_slice(&shape, first, count, 0, shape.depth, source, destination)
                } else {
                    mpk_linear_pack_weights_slice(&shape, 0, shape.out_features, first, count, source, destination)
                }
            }
        }
        return packed
    }
}
