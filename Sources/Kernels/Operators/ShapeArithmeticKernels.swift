internal import Graphs
internal import Tensors

/// Bytes that were known when the kernel was made.
struct KnownResultKernel: Kernel {
    let result: Tensor

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        MemoryMovement.copy(result.pointer, to: operands.outputs[0]!, byteCount: result.byteCount, context)
        withExtendedLifetime(result) {}
    }
}

extension ShapeOf {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        guard let result = try outputsKnown(from: request.operands())?.first else {
            throw KernelError("the shape of an operand that is left out")
        }
        return KnownResultKernel(result: result)
    }
}

/// Every element the one of operand 1.
struct FillKernel: Kernel {
    let count: Int
    let elementByteCount: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let cell = operands.inputs[1]!
        let destination = operands.outputs[0]!
        let bytes = elementByteCount
        context.parallelRanges(count, cost: 1) { range in
            MemoryMovement.fill(
                destination + range.lowerBound * bytes, cell: cell, cellBytes: bytes, count: range.count)
        }
    }
}

/// start, start + delta, ...
struct ArithmeticRangeKernel<Element: NumericElement>: Kernel {
    let count: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let start = operands.input(0, as: Element.self)[0]
        let delta = operands.input(2, as: Element.self)[0]
        let result = operands.output(0, as: Element.self)  // [count]
        for index in 0..<count {
            result[index] = .plus(start, .times(Element(converting: Double(index)), delta))
        }
    }
}

extension ArithmeticRange {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: ElementVisitor {
            let count: Int
            func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
                ArithmeticRangeKernel<Element>(count: count)
            }
        }
        let output = request.outputTypes[0]
        return try output.dtype.accept(Visitor(count: output.shape.elementCount))
    }
}
