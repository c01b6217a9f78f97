/// A generic kernel called through a closure that knows its type.
///
/// `any Kernel` calls a generic struct through code that learns the element type at run time and so treats every
/// element by indirect calls: a hundred times slower than the loop that the compiler makes for one known type. A
/// closure made where the type is known calls that loop.
struct SpecializedKernel: Kernel {
    let scratchByteCount: Int
    let absorbedOperands: Set<Int>
    private let body: @Sendable (KernelOperands, borrowing KernelContext) throws(KernelError) -> Void

    @inline(__always)
    init<Specific: Kernel>(_ kernel: Specific) {
        scratchByteCount = kernel.scratchByteCount
        absorbedOperands = kernel.absorbedOperands
        body = { (operands, context) throws(KernelError) in try kernel.run(operands, context) }
    }

    /// The fast form for the element types that models compute with, the plain one for the others: every copy of a loop
    /// costs the user's build time.
    @inline(__always)
    static func make<Specific: Kernel, Element>(_ kernel: Specific, for type: Element.Type) -> any Kernel {
        if type == Float.self || type == Double.self || type == Int32.self || type == Int64.self || type == UInt8.self {
            return SpecializedKernel(kernel)
        }
        return kernel
    }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        try body(operands, context)
    }
}
