internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Pools of any kind and up to three axes.
struct PoolingKernel<Element: NumericElement>: Kernel {
    let kind: Pooling.Kind
    let axes: WindowAxes
    /// Channels of all images.
    let planes: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [planes, inputPlane]
        let result = operands.output(0, as: Element.self)  // [planes, outputPlane]
        // ONNX counts indices over all images and channels.
        let indices: UnsafeMutablePointer<Int64>?
        if case .maximum = kind { indices = operands.optionalOutput(1, as: Int64.self) } else { indices = nil }
        context.parallelRanges(planes, cost: axes.outputPlane * axes.kernelCells * 2) { range in
            for plane in range {
                pool(
                    source + plane * axes.inputPlane, result + plane * axes.outputPlane,
                    indices.map { $0 + plane * axes.outputPlane }, plane)
            }
        }
    }

    /// One channel: source [inputPlane], result and indices [outputPlane].
    private func pool(
        _ source: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>,
        _ indices: UnsafeMutablePointer<Int64>?, _ plane: Int
    ) {
        var cell = 0
        for z in 0..<axes.depth.output {
            let depthTaps = axes.depth.taps(at: z)
            for y in 0..<axes.height.output {
                let heightTaps = axes.height.taps(at: y)
                for x in 0..<axes.width.output {
                    let window = Window(
                        depth: depthTaps, height: heightTaps, width: axes.width.taps(at: x), z: z, y: y, x: x)
                    switch kind {
                    case .maximum(let columnMajor):
                        let (value, index) = maximum(source, window)
                        result[cell] = value
                        if let indices { indices[cell] = Int64(position(index, plane, columnMajor)) }
                    case .average(let countsPadding): result[cell] = average(source, window, countsPadding)
                    case .norm(let p):
                        var sum = 0.0
                        forEachElement(source, window) { value, _ in
                            let size = abs(value.double)
                            sum += p == 1 ? size : p == 2 ? size * size : pow(size, Double(p))
                        }
                        result[cell] = Element(
                            converting: p == 1 ? sum : p == 2 ? sum.squareRoot() : pow(sum, 1 / Double(p)))
                    }
                    cell += 1
                }
            }
        }
    }

    private struct Window {
        let depth: Range<Int>
        let height: Range<Int>
        let width: Range<Int>
        let z: Int
        let y: Int
        let x: Int
    }

    @inline(__always)
    private func forEachElement(
        _ source: UnsafePointer<Element>, _ window: Window, _ body: (_ value: Element, _ index: Int) -> Void
    ) {
        for depthTap in window.depth {
            let slice = window.z * axes.depth.stride - axes.depth.before + depthTap * axes.depth.dilation
            for heightTap in window.height {
                let row = window.y * axes.height.stride - axes.height.before + heightTap * axes.height.dilation
                let start =
                    (slice * axes.height.input + row) * axes.width.input + window.x * axes.width.stride
                    - axes.width.before
                for tap in window.width {
                    let index = start + tap * axes.width.dilation
                    body(source[index], index)
                }
            }
        }
    }

    private func maximum(_ source: UnsafePointer<Element>, _ window: Window) -> (Element, Int) {
        var best = Element.lowest
        var index = -1
        forEachElement(source, window) { value, position in
            if value > best || value != value || index < 0 {
                best = value
                index = position
            }
        }
        return (best, index)
    }

    private func average(_ source: UnsafePointer<Element>, _ window: Window, _ countsPadding: Bool) -> Element {
        var sum = Element.Sum.zero
        var count = 0
        forEachElement(source, window) { value, _ in
            sum = .plus(sum, value.sum)
            count += 1
        }
        if countsPadding {
            // Cells beyond the padding, where the last window hangs over the end, do not count.
            count =
                paddedCells(axes.depth, window.z) * paddedCells(axes.height, window.y)
                * paddedCells(axes.width, window.x)
        }
        return Element(sum: .quotient(sum, Element.Sum(converting: Double(max(count, 1)))))
    }

    private func paddedCells(_ axis: WindowAxes.Axis, _ output: Int) -> Int {
        let room = axis.input + axis.before + axis.after - output * axis.stride
        return min(axis.kernel, (room - 1) / axis.dilation + 1)
    }

    /// An index in a plane as ONNX counts it.
    private func position(_ index: Int, _ plane: Int, _ columnMajor: Bool) -> Int {
        guard columnMajor, index >= 0 else { return plane * axes.inputPlane + index }
        let x = index % axes.width.input
        let y = index / axes.width.input % axes.height.input
        let z = index / axes.width.input / axes.height.input
        return plane * axes.inputPlane + (x * axes.height.input + y) * axes.depth.input + z
    }
}

extension Pooling {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: ElementVisitor {
            let kind: Kind
            let axes: WindowAxes
            let planes: Int
            func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel.make(
                    PoolingKernel<Element>(kind: kind, axes: axes, planes: planes), for: Element.self)
            }
        }
        let input = request.inputTypes[0]!
        let axes = try WindowAxes(
            input: input.shape, output: request.outputTypes[0].shape, kernel: kernel, window: window)
        let planes = input.shape[0] * input.shape[1]
        let kernel = try input.dtype.accept(Visitor(kind: kind, axes: axes, planes: planes))
        guard input.dtype == .float32, let shape = vectorisedShape(axes) else { return kernel }
        return VectorisedPoolingKernel(shape: shape, kind: kind, planes: planes, indexed: kernel)
    }
}
