internal import Graphs
internal import Tensors

/// An output whose cells lie at fixed strides in the input.
struct StridedCopyKernel: Kernel {
    let copy: StridedCopy

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        copy.run(operands.inputs[0]!, operands.outputs[0]!, context)
    }
}

extension Transpose {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let strides = input.shape.strides
        let permutation = try permutation(rank: input.shape.rank)
        return StridedCopyKernel(
            copy: StridedCopy(
                extents: permutation.map { input.shape[$0] }, strides: permutation.map { strides[$0] },
                elementByteCount: input.dtype.byteCount))
    }
}

extension Expand {
    func kernel(_ request: KernelRequest) -> any Kernel {
        let input = request.inputTypes[0]!
        let output = request.outputTypes[0].shape
        let missing = output.rank - input.shape.rank
        let inputStrides = input.shape.strides
        let strides = (0..<output.rank).map { axis in
            axis < missing || input.shape[axis - missing] == 1 ? 0 : inputStrides[axis - missing]
        }
        return StridedCopyKernel(
            copy: StridedCopy(
                extents: output.dimensions, strides: strides, elementByteCount: input.dtype.byteCount))
    }
}
