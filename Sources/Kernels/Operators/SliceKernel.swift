internal import Graphs
internal import Tensors

/// An output put together from the input by tables along each axis.
struct AxisMapsKernel: Kernel {
    let maps: AxisMaps
    /// Which operand holds the fill value, where one does.
    var fillOperand: Int?
    /// The fill value otherwise.
    var fill = FillBits.zero

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.inputs[0]!
        let destination = operands.outputs[0]!
        if let fillOperand, let fill = operands.inputs[fillOperand] {
            maps.run(source, destination, fill: fill, context)
        } else {
            withUnsafeBytes(of: fill.bits) { maps.run(source, destination, fill: $0.baseAddress!, context) }
        }
    }
}

extension Slice {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let tables = try ranges(of: request.operands()).map { range in
            (0..<range.count).map { range.start + $0 * range.step }
        }
        return AxisMapsKernel(
            maps: AxisMaps(input: input.shape, maps: tables, elementByteCount: input.dtype.byteCount))
    }
}

extension Pad {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let (before, after) = try pads(of: request.operands())
        let tables = (0..<input.shape.rank).map { axis in
            let extent = input.shape[axis]
            return (0..<max(0, extent + before[axis] + after[axis])).map {
                source($0 - before[axis], extent: extent)
            }
        }
        return AxisMapsKernel(
            maps: AxisMaps(input: input.shape, maps: tables, elementByteCount: input.dtype.byteCount),
            fillOperand: request.has(2) ? 2 : nil)
    }

    /// The input index that an index outside the input repeats.
    private func source(_ index: Int, extent: Int) -> Int {
        if index >= 0 && index < extent { return index }
        switch mode {
        case .constant: return -1
        case .edge: return min(max(index, 0), extent - 1)
        case .wrap:
            let rest = index % extent
            return rest < 0 ? rest + extent : rest
        case .reflect:
            // Mirrored without repeating the edge: the pattern repeats after twice the inner distance.
            let period = 2 * (extent - 1)
            guard period > 0 else { return 0 }
            let rest = ((index % period) + period) % period
            return rest < extent ? rest : period - rest
        }
    }
}
