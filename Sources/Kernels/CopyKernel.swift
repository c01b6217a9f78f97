/// Copies operand 0 as it is: views whose result needs bytes of its own.
struct CopyKernel: Kernel {
    let byteCount: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let source: UnsafePointer<UInt8> = operands.input(0)
        operands.output(0, as: UInt8.self).update(from: source, count: byteCount)
    }
}
