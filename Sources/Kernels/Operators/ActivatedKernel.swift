internal import Graphs
internal import Tensors

/// A kernel whose result then goes through an activation that the kernel itself cannot fuse.
struct ActivatedKernel: Kernel {
    let kernel: any Kernel
    let activation: any Kernel

    /// `kernel` itself where there is no activation.
    static func make(_ kernel: any Kernel, _ activation: Unary?, _ request: KernelRequest) throws -> any Kernel {
        guard let activation else { return kernel }
        return ActivatedKernel(
            kernel: kernel, activation: try UnaryKernel.make(activation, request.outputTypes[0]))
    }

    var scratchByteCount: Int { max(kernel.scratchByteCount, activation.scratchByteCount) }
    var absorbedOperands: Set<Int> { kernel.absorbedOperands }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        try kernel.run(operands, context)
        // In place.
        try activation.run(KernelOperands(inputs: operands.outputs, outputs: operands.outputs), context)
    }
}
