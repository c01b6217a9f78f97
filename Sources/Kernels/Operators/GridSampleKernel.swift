internal import Graphs
internal import Tensors

/// Samples [batch, channels, spatial...] at the points of a grid, over two or three axes (and one).
struct GridSampleKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let attributes: GridSample
    let batch: Int
    let channels: Int
    /// Spatial extents, slowest first.
    let extents: [Int]
    /// Points of the grid in one image.
    let points: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let input = operands.input(0, as: Element.self)  // [batch, channels, extents...]
        let grid = operands.input(1, as: Element.self)  // [batch, points, axes], the fastest axis first
        let output = operands.output(0, as: Element.self)  // [batch, channels, points]
        let rank = extents.count
        let plane = extents.reduce(1, *)
        let tapCount = attributes.mode == .nearest ? 1 : attributes.mode == .linear ? 2 : 4
        let combinations = (0..<rank).reduce(1) { product, _ in product * tapCount }
        context.parallelRanges(batch * points, cost: channels * combinations * 4) { range in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: rank * 4 + combinations) { weightMemory in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: rank * 4 + combinations) { indexMemory in
                    let axisWeights = weightMemory.baseAddress!  // [rank, 4]
                    let axisIndices = indexMemory.baseAddress!  // [rank, 4]; -1 reads zero
                    let weights = axisWeights + rank * 4  // [combinations]
                    let offsets = axisIndices + rank * 4  // [combinations]
                    for point in range {
                        for axis in 0..<rank {
                            let coordinate = Double(grid[point * rank + rank - 1 - axis])
                            locate(
                                coordinate, extent: extents[axis], axisIndices + axis * 4, axisWeights + axis * 4)
                        }
                        for combination in 0..<combinations {
                            var rest = combination
                            var weight = 1.0
                            var offset = 0
                            var step = 1
                            for axis in stride(from: rank - 1, through: 0, by: -1) {
                                let tap = axis * 4 + rest % tapCount
                                rest /= tapCount
                                weight *= axisIndices[tap] < 0 ? 0 : axisWeights[tap]
                                offset += max(axisIndices[tap], 0) * step
                                step *= extents[axis]
                            }
                            weights[combination] = weight
                            offsets[combination] = offset
                        }
                        let image = point / points
                        for channel in 0..<channels {
                            let from = input + (image * channels + channel) * plane
                            var sum = 0.0
                            for combination in 0..<combinations where weights[combination] != 0 {
                                sum += weights[combination] * Double(from[offsets[combination]])
                            }
                            output[(image * channels + channel) * points + point % points] = Element(sum)
                        }
                    }
                }
            }
        }
    }

    /// The cells and weights (up to 4) of a coordinate from -1 to 1.
    private func locate(
        _ coordinate: Double, extent: Int, _ indices: UnsafeMutablePointer<Int>, _ weights: UnsafeMutablePointer<Double>
    ) {
        let length = Double(extent)
        var x = attributes.alignsCorners ? (coordinate + 1) / 2 * (length - 1) : ((coordinate + 1) * length - 1) / 2
        // Far outside, and for NaN, any cell that lies outside is right.
        x = x.isNaN ? -2 * length - 2 : min(max(x, -1e15), 1e15)
        if attributes.mode == .nearest { x = x.rounded(.toNearestOrEven) }
        if attributes.mode != .cubic {
            switch attributes.padding {
            case .zeros: break
            case .border: x = min(max(x, 0), length - 1)
            case .reflection: x = reflected(x, length)
            }
        }
        if attributes.mode == .nearest {
            indices[0] = cell(Int(x), extent)
            weights[0] = 1
            return
        }
        let base = x.rounded(.down)
        let ratio = x - base
        if attributes.mode == .linear {
            (weights[0], weights[1]) = (1 - ratio, ratio)
            (indices[0], indices[1]) = (cell(Int(base), extent), cell(Int(base) + 1, extent))
            return
        }
        for tap in 0..<4 {
            let distance = abs(Double(tap - 1) - ratio)
            let a = -0.75
            weights[tap] =
                distance <= 1
                ? ((a + 2) * distance - (a + 3)) * distance * distance + 1
                : ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
            indices[tap] = cell(Int(base) + tap - 1, extent)
        }
    }

    /// Where a cell's number leads, -1 for a zero.
    private func cell(_ index: Int, _ extent: Int) -> Int {
        if index >= 0 && index < extent { return index }
        switch attributes.padding {
        case .zeros: return -1
        case .border: return min(max(index, 0), extent - 1)
        case .reflection: return min(max(Int(reflected(Double(index), Double(extent))), 0), extent - 1)
        }
    }

    /// Mirrored at the outer edges, or at the centres of the outermost cells.
    private func reflected(_ x: Double, _ length: Double) -> Double {
        let lower = attributes.alignsCorners ? 0 : -0.5
        let upper = attributes.alignsCorners ? length - 1 : length - 0.5
        guard upper > lower else { return lower }
        let range = upper - lower
        let distance = (x - lower).truncatingRemainder(dividingBy: 2 * range)
        let positive = distance < 0 ? distance + 2 * range : distance
        return lower + (positive <= range ? positive : 2 * range - positive)
    }
}

extension GridSample {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let attributes: GridSample
            let input: Shape
            let points: Int
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(
                    GridSampleKernel<Element>(
                        attributes: attributes, batch: input[0], channels: input[1],
                        extents: Array(input.dimensions[2...]), points: points))
            }
        }
        let input = request.inputTypes[0]!
        let grid = request.inputTypes[1]!
        guard grid.dtype == input.dtype else { throw KernelError("a grid of \(grid.dtype) for data of \(input.dtype)") }
        guard input.shape.rank <= 5 else { throw KernelError("a grid over more than 3 axes cannot be sampled") }
        let points = grid.shape.elementCount(over: 1..<(grid.shape.rank - 1))
        guard input.shape.elementCount > 0 || points == 0 else { throw KernelError("an empty tensor has no samples") }
        return try input.dtype.acceptFloatingPoint(
            Visitor(attributes: self, input: input.shape, points: points), for: operatorName)
    }
}
