internal import Graphs
internal import Tensors

/// A new axis with one value at each index and another elsewhere.
struct OneHotKernel<Index: NumericElement>: Kernel {
    let depth: Int
    /// Indices before and after the new axis.
    let outer: Int
    let inner: Int
    let elementByteCount: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let indices = operands.input(0, as: Index.self)  // [outer, inner]
        let off = UnsafeRawPointer(operands.inputs[2]!)
        let on = off + elementByteCount
        let result = operands.outputs[0]!  // [outer, depth, inner]
        let bytes = elementByteCount
        let (depth, inner) = (depth, inner)
        context.parallelRanges(outer, cost: depth * inner) { range in
            for row in range {
                let start = row * depth * inner
                MemoryMovement.fill(result + start * bytes, cell: off, cellBytes: bytes, count: depth * inner)
                for column in 0..<inner {
                    var index = Int(converting: indices[row * inner + column].double.rounded(.towardZero))
                    if index < 0 { index &+= depth }
                    guard index >= 0, index < depth else { continue }
                    MemoryMovement.copy(
                        on, to: result + (start + index * inner + column) * bytes, byteCount: bytes)
                }
            }
        }
    }
}

extension Int {
    /// Saturates; NaN becomes 0.
    init(converting value: Double) { self = Int(Int64(converting: value)) }
}

extension OneHot {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: ElementVisitor {
            let depth: Int
            let outer: Int
            let inner: Int
            let elementByteCount: Int
            func visit<Index: NumericElement>(_: Index.Type) throws -> any Kernel {
                SpecializedKernel.make(
                    OneHotKernel<Index>(depth: depth, outer: outer, inner: inner, elementByteCount: elementByteCount),
                    for: Index.self)
            }
        }
        let indices = request.inputTypes[0]!
        let output = request.outputTypes[0]
        let axis = try normalizedAxis(axis, rank: output.shape.rank)
        return try indices.dtype.accept(
            Visitor(
                depth: output.shape[axis], outer: indices.shape.elementCount(over: 0..<axis),
                inner: indices.shape.elementCount(over: axis..<indices.shape.rank),
                elementByteCount: output.dtype.byteCount))
    }
}
