internal import CKernels
internal import Graphs
internal import Tensors

/// Convolution of float32 over one to three axes by CKernels, with packed weights and a fused epilogue.
struct PackedConvolutionKernel: Kernel {
    let shape: mpk_conv_shape
    /// Packed at load; nil where the weights flow.
    let packed: Storage?
    let function: VectorisedFunction

    var scratchByteCount: Int {
        withUnsafePointer(to: shape) { mpk_conv_scratch_byte_count($0) }
    }

    var absorbedOperands: Set<Int> { packed == nil ? [] : [1] }
    var overwritableOperands: Set<Int> {
        withUnsafePointer(to: shape) { mpk_conv_residual_may_be_output($0) != 0 } ? [3] : []
    }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let input = operands.input(0, as: Float.self)  // [batch, inChannels, inDepth, inHeight, inWidth]
        let output = operands.output(0, as: Float.self)  // [batch, outChannels, outDepth, outHeight, outWidth]
        // Weights that flow are rare; they are packed into memory of the run.
        let weights = packed ?? ConvolutionWeights.pack(shape, operands.input(1, as: Float.self))
        let weightPointer = UnsafePointer(weights.pointer.assumingMemoryBound(to: Float.self))
        let epilogue = function.epilogue(
            bias: operands.optionalInput(2), residual: operands.optionalInput(3))
        withUnsafePointer(to: shape) { shape in
            withUnsafePointer(to: epilogue) { epilogue in
                let tasks = mpk_conv_task_count(shape, Int32(context.pool.threadCount))
                context.parallel(Int(tasks)) { task, scratch in
                    mpk_conv_run_task(
                        shape, input, weightPointer, epilogue, output, Int32(task), tasks, scratch)
                }
            }
        }
        withExtendedLifetime(weights) {}
    }
}

/// Weights [outChannels, inChannels / groups, kernelDepth, kernelHeight, kernelWidth] in the order that CKernels reads them.
enum ConvolutionWeights {
    /// Bytes that are read at a time: little compared with any model, and much for one read of a file.
    static let sliceBytes = 4 << 20

    static func pack(_ shape: mpk_conv_shape, _ weights: UnsafePointer<Float>) -> Storage {
        var shape = shape
        let packed = storage(&shape)
        mpk_conv_pack_weights(&shape, weights, packed.pointer.assumingMemoryBound(to: Float.self))
        return packed
    }

    /// Packs the constant operand 1 of a request, slice by slice, so that it is never in memory twice.
    ///
    /// - Parameter cells: those that the shape's kernel has of the operand's; all of them when nil.
    static func packed(
        _ shape: mpk_conv_shape, _ request: KernelRequest, keeping cells: KernelCells? = nil
    ) throws -> Storage {
        try request.packed(cells.map { "convolution with \($0)" } ?? "convolution") {
            var shape = shape
            let packed = storage(&shape)
            let destination = packed.pointer.assumingMemoryBound(to: Float.self)
            try request.forEachSlice(of: 1, rowCount: Int(shape.out_channels), slices(&shape)) { slice, weights in
                let weights = cells?.kept(of: weights) ?? weights
                weights.withBytes { bytes in
                    mpk_conv_pack_weights_slice(
                        &shape, Int32(slice.lowerBound), Int32(slice.count),
                        bytes.baseAddress!.assumingMemoryBound(to: Float.self), destination)
                }
            }
            return packed
        }
    }

    private static func storage(_ shape: inout mpk_conv_shape) -> Storage {
        // Zeroed: panels are rounded up, and the rest of the last one is read too.
        Storage(byteCount: mpk_conv_packed_weight_count(&shape) * MemoryLayout<Float>.stride, zeroed: true)
    }

    /// Ranges of output channels: whole groups, or whole panels of one group.
    private static func slices(_ shape: inout mpk_conv_shape) -> [Swift.Range<Int>] {
        let channels = Int(shape.out_channels)
        let perGroup = channels / Int(shape.groups)
        let channelBytes =
            Int(shape.in_channels / shape.groups) * Int(shape.kernel_depth) * Int(shape.kernel_height)
            * Int(shape.kernel_width) * MemoryLayout<Float>.stride
        let wanted = max(1, sliceBytes / channelBytes)
        if wanted >= perGroup {
            let step = wanted / perGroup * perGroup
            return stride(from: 0, to: channels, by: step).map { $0..<min($0 + step, channels) }
        }
        let panel = Int(mpk_conv_panel_height(&shape))
        let step = max(panel, wanted / panel * panel)
        return stride(from: 0, to: channels, by: perGroup).flatMap { group in
            stride(from: group, to: group + perGroup, by: step).map { $0..<min($0 + step, group + perGroup) }
        }
    }
}
