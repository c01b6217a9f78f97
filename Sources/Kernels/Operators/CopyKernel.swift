/// The bytes of operand 0 as they are: what a view costs where it cannot be one.
struct CopyKernel: Kernel {
    let byteCount: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        guard operands.inputs[0] != operands.outputs[0] else { return }
        MemoryMovement.copy(operands.inputs[0]!, to: operands.outputs[0]!, byteCount: byteCount, context)
    }
}
