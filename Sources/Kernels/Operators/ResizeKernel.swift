internal import Graphs
internal import Tensors

/// Linear and cubic resampling, one axis after another. The axes before the first resized one are independent, and a
/// task takes one index of them.
struct ResizeKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    /// One axis, as [outer, input, inner] to [outer, output, inner] inside a task.
    struct Pass: Sendable {
        let outer: Int
        let input: Int
        let output: Int
        let inner: Int
        let taps: ResizeAxis.Taps
    }

    let tasks: Int
    let inputBlock: Int
    let outputBlock: Int
    let passes: [Pass]
    let extrapolationValue: Float

    /// Elements of the largest result between two passes.
    private var intermediate: Int { passes.dropLast().map { $0.outer * $0.output * $0.inner }.max() ?? 0 }

    /// Two buffers: a pass reads one and writes the other.
    var scratchByteCount: Int { 2 * intermediate * MemoryLayout<Element>.stride }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [tasks, inputBlock]
        let result = operands.output(0, as: Element.self)  // [tasks, outputBlock]
        let intermediate = intermediate
        context.parallel(tasks) { task, scratch in
            let buffers = scratch.assumingMemoryBound(to: Element.self)  // [2, intermediate]
            var from = source + task * inputBlock
            for (index, pass) in passes.enumerated() {
                let isLast = index == passes.count - 1
                let to = isLast ? result + task * outputBlock : buffers + index % 2 * intermediate
                run(pass, from, to)
                from = UnsafePointer(to)
            }
        }
    }

    /// - Parameters: source [outer, input, inner] and result [outer, output, inner]
    private func run(_ pass: Pass, _ source: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>) {
        let count = pass.taps.count
        let fill = Element(extrapolationValue)
        pass.taps.indices.withUnsafeBufferPointer { indices in
            pass.taps.weights.withUnsafeBufferPointer { weights in
                pass.taps.isOutside.withUnsafeBufferPointer { isOutside in
                    for outer in 0..<pass.outer {
                        let from = source + outer * pass.input * pass.inner
                        let to = result + outer * pass.output * pass.inner
                        if pass.inner == 1 {
                            resizeRow(
                                pass, from, to, indices.baseAddress!, weights.baseAddress!, isOutside.baseAddress!)
                            continue
                        }
                        for index in 0..<pass.output {
                            let line = to + index * pass.inner
                            if isOutside[index] {
                                line.update(repeating: fill, count: pass.inner)
                                continue
                            }
                            let tapIndices = indices.baseAddress! + index * count  // [count]
                            let tapWeights = weights.baseAddress! + index * count  // [count]
                            if count == 2 {
                                let first = from + tapIndices[0] * pass.inner
                                let second = from + tapIndices[1] * pass.inner
                                let (a, b) = (Element(tapWeights[0]), Element(tapWeights[1]))
                                for cell in 0..<pass.inner { line[cell] = a * first[cell] + b * second[cell] }
                                continue
                            }
                            line.update(repeating: 0, count: pass.inner)
                            for tap in 0..<count {
                                let weight = Element(tapWeights[tap])
                                let row = from + tapIndices[tap] * pass.inner
                                for cell in 0..<pass.inner { line[cell] += weight * row[cell] }
                            }
                        }
                    }
                }
            }
        }
    }
}

extension ResizeKernel {
    /// The fastest axis: source [input], result [output], indices and weights [output, count], isOutside [output].
    private func resizeRow(
        _ pass: Pass, _ source: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>,
        _ indices: UnsafePointer<Int>, _ weights: UnsafePointer<Float>, _ isOutside: UnsafePointer<Bool>
    ) {
        let count = pass.taps.count
        for index in 0..<pass.output {
            let tapIndices = indices + index * count
            let tapWeights = weights + index * count
            var sum = Element(tapWeights[0]) * source[tapIndices[0]]
            for tap in 1..<count { sum += Element(tapWeights[tap]) * source[tapIndices[tap]] }
            result[index] = isOutside[index] ? Element(extrapolationValue) : sum
        }
    }
}

extension Resize {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let output = request.outputTypes[0].shape
        let operands = try request.operands()
        let (listed, _, scales) = try plan(of: operands)
        guard input.shape.elementCount > 0 || output.elementCount == 0 else {
            throw KernelError("an empty tensor has nothing to resize")
        }
        let region = try operands.has(1) ? operands.floats(1) : []
        var axes = (0..<input.shape.rank).map {
            ResizeAxis(resize: self, input: input.shape[$0], output: output[$0], scale: 1, region: (0, 1))
        }
        for (index, axis) in listed.enumerated() {
            let isCropped = coordinates == .cropAndResize && region.count == 2 * listed.count
            axes[axis] = ResizeAxis(
                resize: self, input: input.shape[axis], output: output[axis], scale: scales[index],
                region: isCropped ? (region[index], region[index + listed.count]) : (0, 1))
        }
        if mode == .nearest {
            let maps = axes.map { $0.isIdentity ? Array(0..<$0.output) : $0.nearest() }
            return AxisMapsKernel(
                maps: AxisMaps(input: input.shape, maps: maps, elementByteCount: input.dtype.byteCount),
                fill: try FillBits(Double(extrapolationValue), input.dtype))
        }
        struct Visitor: FloatingPointVisitor {
            let axes: [ResizeAxis]
            let input: Shape
            let output: Shape
            let extrapolationValue: Float

            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                guard let first = axes.firstIndex(where: { !$0.isIdentity }) else {
                    return CopyKernel(byteCount: input.elementCount * MemoryLayout<Element>.stride)
                }
                var passes: [ResizeKernel<Element>.Pass] = []
                var shape = input.dimensions
                // The fastest axis first: its passes then run over the fewest rows when the image grows.
                for axis in stride(from: axes.count - 1, through: first, by: -1) where !axes[axis].isIdentity {
                    passes.append(
                        .init(
                            outer: shape[first..<axis].reduce(1, *), input: shape[axis], output: axes[axis].output,
                            inner: shape[(axis + 1)...].reduce(1, *), taps: axes[axis].taps()))
                    shape[axis] = axes[axis].output
                }
                return SpecializedKernel(
                    ResizeKernel<Element>(
                        tasks: output.elementCount == 0 ? 0 : input.elementCount(over: 0..<first),
                        inputBlock: input.elementCount(over: first..<input.rank),
                        outputBlock: output.elementCount(over: first..<output.rank), passes: passes,
                        extrapolationValue: extrapolationValue))
            }
        }
        return try input.dtype.acceptFloatingPoint(
            Visitor(axes: axes, input: input.shape, output: output, extrapolationValue: extrapolationValue),
            for: "\(operatorName) in mode \(mode)")
    }
}
