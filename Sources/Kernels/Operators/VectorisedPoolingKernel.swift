internal import CKernels
internal import Graphs
internal import Tensors

/// Pools of float32 over one to three axes by CKernels.
struct VectorisedPoolingKernel: Kernel {
    let shape: mpk_pool_shape
    let kind: Pooling.Kind
    /// Channels of all images.
    let planes: Int
    /// Computes instead where the indices of the maxima are needed.
    let indexed: any Kernel

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        if case .maximum = kind, operands.optionalOutput(1, as: Int64.self) != nil {
            return try indexed.run(operands, context)
        }
        let source = operands.input(0, as: Float.self)  // [planes, inDepth, inHeight, inWidth]
        let result = operands.output(0, as: Float.self)  // [planes, outDepth, outHeight, outWidth]
        let cost =
            Int(shape.out_depth) * Int(shape.out_height) * Int(shape.out_width) * Int(shape.kernel_depth)
            * Int(shape.kernel_height) * Int(shape.kernel_width)
        withUnsafePointer(to: shape) { shape in
            context.parallelRanges(planes, cost: cost) { range in
                let (first, count) = (Int64(range.lowerBound), Int64(range.count))
                switch kind {
                case .maximum: mpk_max_pool(shape, source, result, first, count)
                case .average: mpk_average_pool(shape, source, result, first, count)
                case .norm(let p): mpk_norm_pool(shape, Int32(p), source, result, first, count)
                }
            }
        }
    }
}

extension Pooling {
    /// nil where CKernels cannot: negative padding, no elements, a norm of its own.
    func vectorisedShape(_ axes: WindowAxes) -> mpk_pool_shape? {
        let (depth, height, width) = (axes.depth, axes.height, axes.width)
        let numbers = [
            depth.input, height.input, width.input, depth.output, height.output, width.output, depth.kernel,
            height.kernel, width.kernel, depth.stride, height.stride, width.stride, depth.dilation, height.dilation,
            width.dilation, depth.before, height.before, width.before, depth.after, height.after, width.after,
        ]
        guard axes.outputPlane > 0, axes.inputPlane > 0, numbers.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) })
        else { return nil }
        if case .norm(let p) = kind, p != 1, p != 2 { return nil }
        let n = numbers.map(Int32.init)
        var countsPadding = false
        if case .average(true) = kind { countsPadding = true }
        return mpk_pool_shape(
            in_depth: n[0], in_height: n[1], in_width: n[2], out_depth: n[3], out_height: n[4], out_width: n[5],
            kernel_depth: n[6], kernel_height: n[7], kernel_width: n[8], stride_depth: n[9], stride_height: n[10],
            stride_width: n[11], dilation_depth: n[12], dilation_height: n[13], dilation_width: n[14],
            pad_front: n[15], pad_top: n[16], pad_left: n[17], pad_back: n[18], pad_bottom: n[19], pad_right: n[20],
            count_include_pad: countsPadding ? 1 : 0)
    }
}
