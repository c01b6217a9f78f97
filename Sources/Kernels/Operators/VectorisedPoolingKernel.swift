internal import CKernels
internal import Graphs
internal import Tensors

/// Maximum and average pools of float32 over one or two axes by CKernels.
struct VectorisedPoolingKernel: Kernel {
    let shape: mpk_pool_shape
    let isMaximum: Bool
    /// Channels of all images.
    let planes: Int
    /// Takes over where the indices of the maxima are wanted.
    let indexed: any Kernel

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        if isMaximum && operands.optionalOutput(1, as: Int64.self) != nil {
            return try indexed.run(operands, context)
        }
        let source = operands.input(0, as: Float.self)  // [planes, inHeight, inWidth]
        let result = operands.output(0, as: Float.self)  // [planes, outHeight, outWidth]
        let cost = Int(shape.out_height) * Int(shape.out_width) * Int(shape.kernel_height) * Int(shape.kernel_width)
        withUnsafePointer(to: shape) { shape in
            context.parallelRanges(planes, cost: cost) { range in
                let (first, count) = (Int64(range.lowerBound), Int64(range.count))
                if isMaximum {
                    mpk_max_pool(shape, source, result, first, count)
                } else {
                    mpk_average_pool(shape, source, result, first, count)
                }
            }
        }
    }
}

extension Pooling {
    /// nil where CKernels cannot: three axes, negative padding, no elements.
    func vectorisedShape(_ axes: WindowAxes) -> mpk_pool_shape? {
        let (depth, height, width) = (axes.depth, axes.height, axes.width)
        let numbers = [
            height.input, width.input, height.output, width.output, height.kernel, width.kernel, height.stride,
            width.stride, height.dilation, width.dilation, height.before, width.before, height.after, width.after,
        ]
        guard depth.input == 1, depth.output == 1, depth.kernel == 1, depth.before == 0, axes.outputPlane > 0,
            axes.inputPlane > 0, numbers.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) })
        else { return nil }
        let n = numbers.map(Int32.init)
        var countsPadding = false
        if case .average(true) = kind { countsPadding = true }
        return mpk_pool_shape(
            in_height: n[0], in_width: n[1], out_height: n[2], out_width: n[3], kernel_height: n[4],
            kernel_width: n[5], stride_height: n[6], stride_width: n[7], dilation_height: n[8], dilation_width: n[9],
            pad_top: n[10], pad_left: n[11], pad_bottom: n[12], pad_right: n[13],
            count_include_pad: countsPadding ? 1 : 0)
    }
}
