internal import CKernels
internal import Graphs
internal import Tensors

/// Soft maxima and layer norms of float32 rows, by CKernels.
struct RowNormalizationKernel: Kernel {
    enum Function: Sendable {
        case softmax, logSoftmax
        case layerNormalization(epsilon: Float)
        case rootMeanSquare(epsilon: Float)
    }

    let function: Function
    let rows: Int
    let columns: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Float.self)  // [rows, columns]
        let result = operands.output(0, as: Float.self)  // [rows, columns]
        let scale = operands.optionalInput(1, as: Float.self)  // [columns]
        let bias = operands.optionalInput(2, as: Float.self)  // [columns]
        let width = Int64(columns)
        context.parallelRanges(rows, cost: columns * 10) { range in
            let (first, count) = (Int64(range.lowerBound), Int64(range.count))
            switch function {
            case .softmax: mpk_softmax(source, result, width, first, count)
            case .logSoftmax: mpk_log_softmax(source, result, width, first, count)
            case .layerNormalization(let epsilon):
                mpk_layer_norm(source, scale, bias, epsilon, result, width, first, count)
            case .rootMeanSquare(let epsilon): mpk_rms_norm(source, scale, epsilon, result, width, first, count)
            }
        }
    }
}

/// A layer norm by CKernels that leaves the work to another kernel where its moments are needed too.
struct VectorisedLayerNormalizationKernel: Kernel {
    let rows: RowNormalizationKernel
    let complete: any Kernel

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let wantsMoments =
            operands.optionalOutput(1, as: Float.self) != nil || operands.optionalOutput(2, as: Float.self) != nil
        if wantsMoments { try complete.run(operands, context) } else { rows.run(operands, context) }
    }
}

/// Local response normalisation of float32, by CKernels.
struct VectorisedResponseKernel: Kernel {
    let attributes: LocalResponseNormalization
    let planes: Int
    let channels: Int
    let pixels: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Float.self)  // [planes, pixels]
        let result = operands.output(0, as: Float.self)  // the same
        context.parallelRanges(planes, cost: pixels * (min(attributes.size, channels) + 8)) { range in
            mpk_lrn(
                source, result, Int64(channels), Int64(pixels), Int64(attributes.size), attributes.alpha,
                attributes.beta, attributes.bias, Int64(range.lowerBound), Int64(range.count))
        }
    }
}
