internal import Graphs
internal import Tensors

/// Transposed convolution: a matrix product gives every input cell's share of every kernel cell, and the shares are
/// added up where they fall. A task owns some output channels of one image, so that no two write one cell.
struct ConvolutionTransposeKernel<Element: MatrixElement & BinaryFloatingPoint>: Kernel {
    /// Seen from the output: `input` is the output's extent, and `output` the input's, as for the convolution that
    /// this one transposes.
    let axes: WindowAxes
    let batch: Int
    let inChannels: Int
    let outChannels: Int
    let groups: Int
    let activation: VectorisedFunction?

    /// Output channels per task: as many as keep a task's shares around four megabytes; fewer make the product slow.
    private var channelBlock: Int {
        let bytes = axes.kernelCells * axes.outputPlane * MemoryLayout<Element>.stride
        return max(1, min(outChannels / groups, (4 << 20) / max(bytes, 1)))
    }

    var scratchByteCount: Int {
        channelBlock * axes.kernelCells * axes.outputPlane * MemoryLayout<Element>.stride
    }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let input = operands.input(0, as: Element.self)  // [batch, inChannels, outputPlane]
        let weights = operands.input(1, as: Element.self)  // [inChannels, outChannels / groups, kernelCells]
        let bias = operands.optionalInput(2, as: Element.self)  // [outChannels]
        let output = operands.output(0, as: Element.self)  // [batch, outChannels, inputPlane]
        let groupInputs = inChannels / groups
        let groupOutputs = outChannels / groups
        let block = channelBlock
        let blocks = (groupOutputs + block - 1) / block
        let cells = axes.kernelCells
        let inputPlane = axes.outputPlane
        let outputPlane = axes.inputPlane
        context.parallel(batch * groups * blocks) { task, scratch in
            let first = task % blocks * block  // in the group
            let count = min(block, groupOutputs - first)
            let group = task / blocks % groups
            let image = task / blocks / groups
            let shares = scratch.assumingMemoryBound(to: Element.self)  // [count, cells, inputPlane]
            shares.update(repeating: .zero, count: count * cells * inputPlane)
            if inputPlane > 0 {
                Element.addProduct(
                    rows: count * cells, columns: inputPlane, inner: groupInputs, alpha: 1,
                    weights + (group * groupInputs * groupOutputs + first) * cells, stride: groupOutputs * cells,
                    transposed: true, input + (image * inChannels + group * groupInputs) * inputPlane,
                    stride: inputPlane, transposed: false, shares, stride: inputPlane)
            }
            for channel in 0..<count {
                let outChannel = group * groupOutputs + first + channel
                let plane = output + (image * outChannels + outChannel) * outputPlane
                plane.update(repeating: bias?[outChannel] ?? 0, count: outputPlane)
                add(shares + channel * cells * inputPlane, to: plane)
                if let activation {
                    let values = UnsafeMutableRawPointer(plane).assumingMemoryBound(to: Float.self)
                    activation.apply(values, values, count: outputPlane)
                }
            }
        }
    }

    /// Adds the shares [kernelCells, outputPlane] of one channel to its plane [inputPlane].
    private func add(_ shares: UnsafePointer<Element>, to plane: UnsafeMutablePointer<Element>) {
        var share = shares
        let width = axes.width
        for depthTap in 0..<axes.depth.kernel {
            for heightTap in 0..<axes.height.kernel {
                for tap in 0..<width.kernel {
                    // Input columns x whose output column x * stride + shift exists.
                    let shift = tap * width.dilation - width.before
                    let firstColumn = shift >= 0 ? 0 : (width.stride - 1 - shift) / width.stride
                    let endColumn =
                        shift >= width.input ? 0 : min(width.output, (width.input - 1 - shift) / width.stride + 1)
                    for z in 0..<axes.depth.output {
                        let slice = z * axes.depth.stride - axes.depth.before + depthTap * axes.depth.dilation
                        guard slice >= 0, slice < axes.depth.input else { continue }
                        for y in 0..<axes.height.output {
                            let row = y * axes.height.stride - axes.height.before + heightTap * axes.height.dilation
                            guard row >= 0, row < axes.height.input, firstColumn < endColumn else { continue }
                            let from = share + (z * axes.height.output + y) * width.output
                            let to = plane + (slice * axes.height.input + row) * width.input + shift
                            for x in firstColumn..<endColumn { to[x &* width.stride] += from[x] }
                        }
                    }
                    share += axes.outputPlane
                }
            }
        }
    }
}

extension ConvolutionTranspose {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let output = request.outputTypes[0]
        let kernel = Array(request.inputTypes[1]!.shape.dimensions.dropFirst(2))
        let axes = try WindowAxes(
            input: output.shape, output: input.shape, kernel: kernel, strides: window.strides,
            dilations: window.dilations,
            pads: kernel.indices.map { pads(input: input.shape[$0 + 2], kernel: kernel[$0], axis: $0) })
        let fused = input.dtype.fused(activation)
        let made: any Kernel
        switch input.dtype {
        case .float32:
            made = SpecializedKernel(
                ConvolutionTransposeKernel<Float>(
                    axes: axes, batch: input.shape[0], inChannels: input.shape[1], outChannels: output.shape[1],
                    groups: groups, activation: fused))
        case .float64:
            made = SpecializedKernel(
                ConvolutionTransposeKernel<Double>(
                    axes: axes, batch: input.shape[0], inChannels: input.shape[1], outChannels: output.shape[1],
                    groups: groups, activation: nil))
        default: throw KernelError("\(operatorName) takes floating-point numbers, not \(input.dtype)")
        }
        return try ActivatedKernel.make(made, fused == nil ? activation : nil, request)
    }
}
