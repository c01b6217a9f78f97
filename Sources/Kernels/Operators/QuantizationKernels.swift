internal import CKernels
internal import Graphs
internal import Tensors

/// Runs over a tensor's elements whose scales are one, or lie side by side.
struct QuantizationRuns: Sendable {
    let layout: QuantizationScale.Layout

    /// Calls `body` for each run, on all threads.
    ///
    /// - Parameter body: takes the first element, the count, the first scale, and how many scales on the next element's
    ///   lies (0 or 1).
    func forEach(
        _ context: borrowing KernelContext,
        _ body: (_ start: Int, _ count: Int, _ scale: Int, _ step: Int) -> Void
    ) {
        let layout = layout
        if layout.inner == 1 && layout.block == 1 && layout.blockStride == 1 {
            // A scale for each element of a row.
            context.parallelRanges(layout.outer, cost: layout.extent * 4) { rows in
                for row in rows { body(row * layout.extent, layout.extent, row * layout.outerStride, 1) }
            }
        } else if layout.innerStride == 0 && layout.blockStride == 0 {
            context.parallelRanges(layout.inner, cost: 4) { body($0.lowerBound, $0.count, 0, 0) }
        } else if layout.inner == 1 {
            // Blocks along the last axis.
            let blocks = (layout.extent + layout.block - 1) / layout.block
            context.parallelRanges(layout.outer * blocks, cost: layout.block * 4) { range in
                for index in range {
                    let (row, block) = (index / blocks, index % blocks)
                    let first = block * layout.block
                    body(
                        row * layout.extent + first, min(layout.block, layout.extent - first),
                        row * layout.outerStride + block * layout.blockStride, 0)
                }
            }
        } else {
            context.parallelRanges(layout.outer * layout.extent, cost: layout.inner * 4) { range in
                for index in range {
                    let (outer, place) = (index / layout.extent, index % layout.extent)
                    body(
                        index * layout.inner, layout.inner,
                        outer * layout.outerStride + place / layout.block * layout.blockStride, layout.innerStride)
                }
            }
        }
    }
}

extension DType {
    /// As CKernels counts integers; nil for the others.
    var integerCode: Int32? {
        switch self {
        case .uint8: Int32(MPK_UINT8)
        case .int8: Int32(MPK_INT8)
        case .uint16: Int32(MPK_UINT16)
        case .int16: Int32(MPK_INT16)
        case .int32: Int32(MPK_INT32)
        default: nil
        }
    }
}

/// float32 to integers of 8 and 16 bits.
struct QuantizeKernel: Kernel {
    let runs: QuantizationRuns
    let target: DType

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Float.self)
        let scales = operands.input(1, as: Float.self)
        let zeros = operands.optionalInput(2, as: UInt8.self)
        let result = operands.outputs[0]!
        let code = target.integerCode!
        let size = target.byteCount
        runs.forEach(context) { start, count, scale, step in
            mpk_quantize(
                source + start, scales + scale, zeros.map { $0 + scale * size }, Int32(step), code,
                result + start * size, Int64(count))
        }
    }
}

/// Integers to float32.
struct DequantizeKernel: Kernel {
    let runs: QuantizationRuns
    let source: DType

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let from = operands.input(0, as: UInt8.self)
        let scales = operands.input(1, as: Float.self)
        let zeros = operands.optionalInput(2, as: UInt8.self)
        let result = operands.output(0, as: Float.self)
        let code = source.integerCode!
        let size = source.byteCount
        runs.forEach(context) { start, count, scale, step in
            mpk_dequantize(
                code, from + start * size, scales + scale, zeros.map { $0 + scale * size }, Int32(step),
                result + start, Int64(count))
        }
    }
}

/// Quantisation from or to types that few models have, element by element: int32 to be quantised, float64 everywhere,
/// narrow floating-point numbers.
struct PlainQuantizeKernel: Kernel {
    let runs: QuantizationRuns
    let source: DType
    let scale: DType
    let target: DType
    let quantizes: Bool

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let from = UnsafeRawPointer(operands.inputs[0]!)
        let scales = UnsafeRawPointer(operands.inputs[1]!)
        let zeros = operands.optionalInput(2, as: UInt8.self).map { UnsafeRawPointer($0) }
        let result = operands.outputs[0]!
        runs.forEach(context) { start, count, first, step in
            for index in 0..<count {
                let place = first + index * step
                let value = Self.number(from, source, start + index)
                let factor = Self.number(scales, scale, place)
                if quantizes {
                    // In the scale's precision, as the standard has it.
                    let quotient = scale == .float32 ? Double(Float(value) / Float(factor)) : value / factor
                    let zero = zeros.map { Self.number($0, target, place) } ?? 0
                    let number = target.isFloatingPoint ? quotient : quotient.rounded(.toNearestOrEven) + zero
                    Self.store(number, result, target, start + index)
                } else {
                    let zero = zeros.map { Self.number($0, source, place) } ?? 0
                    Self.store((value - zero) * factor, result, target, start + index)
                }
            }
        }
    }

    private static func number(_ pointer: UnsafeRawPointer, _ dtype: DType, _ index: Int) -> Double {
        func read<Element: NumericElement>(_: Element.Type) -> Double {
            pointer.assumingMemoryBound(to: Element.self)[index].double
        }
        switch dtype {
        case .float32: return read(Float.self)
        case .float64: return read(Double.self)
        case .uint8: return read(UInt8.self)
        case .int8: return read(Int8.self)
        case .uint16: return read(UInt16.self)
        case .int16: return read(Int16.self)
        case .int32: return read(Int32.self)
        default: preconditionFailure("\(dtype) in a quantisation")
        }
    }

    private static func store(_ value: Double, _ pointer: UnsafeMutableRawPointer, _ dtype: DType, _ index: Int) {
        func write<Element: NumericElement>(_: Element.Type) {
            pointer.assumingMemoryBound(to: Element.self)[index] = Element(converting: value)
        }
        switch dtype {
        case .float32: write(Float.self)
        case .float64: write(Double.self)
        case .uint8: write(UInt8.self)
        case .int8: write(Int8.self)
        case .uint16: write(UInt16.self)
        case .int16: write(Int16.self)
        default: preconditionFailure("\(dtype) in a quantisation")
        }
    }
}

extension QuantizeLinear {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let source = request.inputTypes[0]!
        let scales = request.inputTypes[1]!
        let target = request.outputTypes[0].dtype
        let runs = QuantizationRuns(layout: try scale.layout(of: source.shape, scale: scales.shape))
        if source.dtype == .float32, scales.dtype == .float32, target != .float32 {
            return QuantizeKernel(runs: runs, target: target)
        }
        return PlainQuantizeKernel(
            runs: runs, source: source.dtype, scale: scales.dtype, target: target, quantizes: true)
    }
}

extension DequantizeLinear {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let source = request.inputTypes[0]!
        let scales = request.inputTypes[1]!
        let runs = QuantizationRuns(layout: try scale.layout(of: source.shape, scale: scales.shape))
        if scales.dtype == .float32, source.dtype != .float32 {
            return DequantizeKernel(runs: runs, source: source.dtype)
        }
        return PlainQuantizeKernel(
            runs: runs, source: source.dtype, scale: scales.dtype, target: request.outputTypes[0].dtype,
            quantizes: false)
    }
}

/// float32 to uint8 with the scale that lets all elements just fit.
struct DynamicQuantizeKernel: Kernel {
    let count: Int

    /// Elements of one task: the limits of each task meet in one place.
    private static let grain = 1 << 14
    private var tasks: Int { (count + DynamicQuantizeKernel.grain - 1) / DynamicQuantizeKernel.grain }
    var scratchByteCount: Int { tasks * 2 * MemoryLayout<Float>.stride }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Float.self)
        let limits = context.scratch.assumingMemoryBound(to: Float.self)  // [tasks, 2]
        let count = count
        context.parallel(tasks) { task, _ in
            let start = task * DynamicQuantizeKernel.grain
            // Zero has to be among the numbers that can be represented.
            limits[2 * task] = 0
            limits[2 * task + 1] = 0
            mpk_range(
                source + start, limits + 2 * task, limits + 2 * task + 1,
                Int64(min(DynamicQuantizeKernel.grain, count - start)))
        }
        var (lowest, highest) = (Float(0), Float(0))
        for task in 0..<tasks {
            lowest = min(lowest, limits[2 * task])
            highest = max(highest, limits[2 * task + 1])
        }
        let grid = UnsignedByteGrid(lowest: lowest, highest: highest)
        var (scale, zero) = (grid.scale, grid.zero)
        operands.optionalOutput(1, as: Float.self)?.pointee = scale
        operands.optionalOutput(2, as: UInt8.self)?.pointee = zero
        guard let result = operands.optionalOutput(0, as: UInt8.self) else { return }
        withUnsafePointer(to: &scale) { scale in
            withUnsafePointer(to: &zero) { zero in
                context.parallelRanges(count, cost: 4) { range in
                    mpk_quantize(
                        source + range.lowerBound, scale, zero, 0, Int32(MPK_UINT8), result + range.lowerBound,
                        Int64(range.count))
                }
            }
        }
    }
}
