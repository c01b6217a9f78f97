internal import CKernels
internal import Graphs
internal import Tensors

extension Convolution {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let weights = request.inputTypes[1]!
        let output = request.outputTypes[0]
        let kernel = Array(weights.shape.dimensions.dropFirst(2))
        let axes = try WindowAxes(input: input.shape, output: output.shape, kernel: kernel, window: window)
        if input.dtype == .float32, let packed = try packedKernel(request, axes) { return packed }
        struct Visitor: FloatingPointVisitor {
            let axes: WindowAxes
            let input: Shape
            let output: Shape
            let groups: Int
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(
                    DirectConvolutionKernel<Element>(
                        axes: axes, batch: input[0], inChannels: input[1], outChannels: output[1], groups: groups))
            }
        }
        let direct = try input.dtype.acceptFloatingPoint(
            Visitor(axes: axes, input: input.shape, output: output.shape, groups: groups), for: operatorName)
        return try ActivatedKernel.make(direct, activation, request)
    }

    /// nil where CKernels cannot.
    private func packedKernel(_ request: KernelRequest, _ axes: WindowAxes) throws -> (any Kernel)? {
        let input = request.inputTypes[0]!.shape
        let output = request.outputTypes[0].shape
        // Cells of the kernel that only ever meet padding are left out of weights that are packed once.
        let cells = KernelCells(of: axes)
        let isConstant = request.isConstant(1)
        let trimmed = isConstant && !cells.areAll ? packedShape(cells.keptAxes, input, output) : nil
        guard let shape = trimmed ?? packedShape(axes, input, output) else { return nil }
        let packed =
            isConstant
            ? try ConvolutionWeights.packed(shape, request, keeping: trimmed == nil ? nil : cells) : nil
        // A function that cannot be fused follows on its own.
        let function = activation.map(VectorisedFunction.init) ?? .identity
        let kernel = PackedConvolutionKernel(shape: shape, packed: packed, function: function ?? .identity)
        return try ActivatedKernel.make(kernel, function == nil ? activation : nil, request)
    }

    /// nil where CKernels cannot: negative padding, no elements.
    private func packedShape(_ axes: WindowAxes, _ input: Shape, _ output: Shape) -> mpk_conv_shape? {
        let (depth, height, width) = (axes.depth, axes.height, axes.width)
        guard output.elementCount > 0 else { return nil }
        let numbers = [
            input[0], input[1], depth.input, height.input, width.input, output[1], depth.output, height.output,
            width.output, depth.kernel, height.kernel, width.kernel, depth.stride, height.stride, width.stride,
            depth.dilation, height.dilation, width.dilation, depth.before, height.before, width.before, groups,
        ]
        guard numbers.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) }) else { return nil }
        let n = numbers.map(Int32.init)
        var shape = mpk_conv_shape(
            batch: n[0], in_channels: n[1], in_depth: n[2], in_height: n[3], in_width: n[4], out_channels: n[5],
            out_depth: n[6], out_height: n[7], out_width: n[8], kernel_depth: n[9], kernel_height: n[10],
            kernel_width: n[11], stride_depth: n[12], stride_height: n[13], stride_width: n[14], dilation_depth: n[15],
            dilation_height: n[16], dilation_width: n[17], pad_front: n[18], pad_top: n[19], pad_left: n[20],
            groups: n[21])
        return mpk_conv_is_valid(&shape) != 0 ? shape : nil
    }
}

/// Convolution by its definition, a row of the output at a time: for float64 and odd padding.
struct DirectConvolutionKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let axes: WindowAxes
    let batch: Int
    let inChannels: Int
    let outChannels: Int
    let groups: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let input = operands.input(0, as: Element.self)  // [batch, inChannels, inputPlane]
        let weights = operands.input(1, as: Element.self)  // [outChannels, inChannels / groups, kernelCells]
        let bias = operands.optionalInput(2, as: Element.self)  // [outChannels]
        let residual = operands.optionalInput(3, as: Element.self)  // as the output
        let output = operands.output(0, as: Element.self)  // [batch, outChannels, outputPlane]
        let rows = axes.depth.output * axes.height.output
        let groupInputs = inChannels / groups
        let groupOutputs = outChannels / groups
        let cost = axes.width.output * groupInputs * axes.kernelCells
        context.parallelRanges(batch * outChannels * rows, cost: cost) { range in
            for index in range {
                let row = index % rows
                let channel = index / rows % outChannels
                let image = index / rows / outChannels
                let start = index * axes.width.output
                let to = output + start
                to.update(repeating: bias?[channel] ?? 0, count: axes.width.output)
                let first = image * inChannels + channel / groupOutputs * groupInputs
                for inChannel in 0..<groupInputs {
                    addRow(
                        input + (first + inChannel) * axes.inputPlane,
                        weights + (channel * groupInputs + inChannel) * axes.kernelCells, to,
                        z: row / axes.height.output, y: row % axes.height.output)
                }
                // Added to the finished sum, as a separate node does.
                if let residual {
                    for x in 0..<axes.width.output { to[x] += residual[start + x] }
                }
            }
        }
    }

    /// Adds one input channel [inputPlane] through its weights [kernelCells] to an output row.
    private func addRow(
        _ input: UnsafePointer<Element>, _ weights: UnsafePointer<Element>, _ to: UnsafeMutablePointer<Element>,
        z: Int, y: Int
    ) {
        let width = axes.width
        for depthTap in axes.depth.taps(at: z) {
            let slice = z * axes.depth.stride - axes.depth.before + depthTap * axes.depth.dilation
            for heightTap in axes.height.taps(at: y) {
                let line = y * axes.height.stride - axes.height.before + heightTap * axes.height.dilation
                let from = input + (slice * axes.height.input + line) * width.input
                let taps = weights + (depthTap * axes.height.kernel + heightTap) * width.kernel
                for tap in 0..<width.kernel {
                    // Output columns whose input column x * stride + shift lies inside.
                    let shift = tap * width.dilation - width.before
                    let firstColumn = shift >= 0 ? 0 : (width.stride - 1 - shift) / width.stride
                    let endColumn =
                        shift >= width.input ? 0 : min(width.output, (width.input - 1 - shift) / width.stride + 1)
                    let weight = taps[tap]
                    var x = firstColumn
                    while x < endColumn {
                        to[x] += weight * from[x * width.stride + shift]
                        x += 1
                    }
                }
            }
        }
    }
}
