internal import Graphs
internal import Tensors

/// The data with updates written, or folded in, where the entries of the indices point. One thread does it in the
/// order of the entries: several may point to one element.
struct ScatterKernel<Element: NumericElement>: Kernel {
    let reduction: ScatterReduction
    let addressing: IndexAddressing
    /// Elements of the data.
    let count: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let indices = addressing.indices(operands.inputs[1]!)
        let updates = operands.input(2, as: Element.self)  // [entries, blockCount]
        let result = operands.output(0, as: Element.self)
        if operands.inputs[0] != operands.outputs[0] {
            MemoryMovement.copy(
                operands.inputs[0]!, to: operands.outputs[0]!, byteCount: count * MemoryLayout<Element>.stride, context)
        }
        guard addressing.blockCount > 0 else { return }
        switch reduction {
        case .replace: try fold(indices, updates, result) { $1 }
        case .add: try fold(indices, updates, result) { .plus($0, $1) }
        case .multiply: try fold(indices, updates, result) { .times($0, $1) }
        case .minimum: try fold(indices, updates, result) { .smaller($0, $1) }
        case .maximum: try fold(indices, updates, result) { .larger($0, $1) }
        }
    }

    @inline(__always)
    private func fold(
        _ indices: Indices, _ updates: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>,
        _ function: (_ old: Element, _ update: Element) -> Element
    ) throws(KernelError) {
        let block = addressing.blockCount
        let stray: Int?
        if block == 1 {
            stray = addressing.forEach(in: 0..<addressing.count, indices) { entry, offset in
                result[offset] = function(result[offset], updates[entry])
            }
        } else {
            stray = addressing.forEach(in: 0..<addressing.count, indices) { entry, offset in
                let to = result + offset
                let from = updates + entry * block
                for index in 0..<block { to[index] = function(to[index], from[index]) }
            }
        }
        if let stray { throw addressing.error(stray) }
    }
}

private struct Visitor: ElementVisitor {
    let reduction: ScatterReduction
    let addressing: IndexAddressing
    let data: TensorType

    func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
        SpecializedKernel.make(
            ScatterKernel<Element>(reduction: reduction, addressing: addressing, count: data.shape.elementCount),
            for: Element.self)
    }
}

extension ScatterElements {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let data = request.inputTypes[0]!
        let axis = try normalizedAxis(axis, rank: data.shape.rank)
        let addressing = IndexAddressing(data: data.shape, indices: request.inputTypes[1]!, axis: axis)
        return try data.dtype.accept(Visitor(reduction: reduction, addressing: addressing, data: data))
    }
}

extension ScatterND {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let data = request.inputTypes[0]!
        let addressing = IndexAddressing(data: data.shape, tuples: request.inputTypes[1]!, batchAxes: 0)
        return try data.dtype.accept(Visitor(reduction: reduction, addressing: addressing, data: data))
    }
}
