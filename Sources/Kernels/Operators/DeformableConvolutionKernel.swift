internal import Graphs
internal import Tensors

/// Samples the moved cells of a place for all channels, and then multiplies with the weights.
struct DeformableConvolutionKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let attributes: DeformableConvolution
    let batch: Int
    let channels: Int
    let outputs: Int
    /// Per spatial axis, slowest first.
    let input: [Int]
    let kernel: [Int]
    let output: [Int]
    let before: [Int]

    private var cells: Int { kernel.reduce(1, *) }
    /// Cells around a point between cells.
    private var corners: Int { 1 << input.count }

    var scratchByteCount: Int { (channels * cells + 2 * corners) * MemoryLayout<Double>.size }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let data = operands.input(0, as: Element.self)  // [batch, channels, input...]
        let weights = operands.input(1, as: Element.self)  // [outputs, channels / groups, kernel...]
        let offsets = operands.input(2, as: Element.self)  // [batch, offsetGroups, cells, axes, places]
        let bias = operands.optionalInput(3, as: Element.self)  // [outputs]
        let mask = operands.optionalInput(4, as: Element.self)  // [batch, offsetGroups, cells, places]
        let result = operands.output(0, as: Element.self)  // [batch, outputs, places]
        let (cells, corners, axes) = (cells, corners, input.count)
        let places = output.reduce(1, *)
        let plane = input.reduce(1, *)
        let offsetGroups = attributes.offsetGroups
        let channelsPerOffset = channels / offsetGroups
        let columnCount = channels / attributes.groups * cells
        let outputsPerGroup = outputs / attributes.groups
        context.parallel(batch * places) { task, scratch in
            let (image, place) = (task / places, task % places)
            let columns = scratch.assumingMemoryBound(to: Double.self)  // [channels, cells]
            let shares = columns + channels * cells  // [corners]
            let sites = (shares + corners).withMemoryRebound(to: Int.self, capacity: corners) { $0 }  // [corners]
            for group in 0..<offsetGroups {
                for cell in 0..<cells {
                    let site = (image * offsetGroups + group) * cells + cell
                    locate(cell, place, offsets + site * axes * places + place, places, shares, sites)
                    let factor = mask.map { Double($0[site * places + place]) } ?? 1
                    for channel in group * channelsPerOffset..<(group + 1) * channelsPerOffset {
                        let from = data + (image * channels + channel) * plane
                        var sum = 0.0
                        for corner in 0..<corners where shares[corner] != 0 {
                            sum += shares[corner] * Double(from[sites[corner]])
                        }
                        columns[channel * cells + cell] = sum * factor
                    }
                }
            }
            for output in 0..<outputs {
                let row = weights + output * columnCount
                let column = columns + output / outputsPerGroup * columnCount
                var sum = bias.map { Double($0[output]) } ?? 0
                for index in 0..<columnCount { sum += Double(row[index]) * column[index] }
                result[(image * outputs + output) * places + place] = Element(sum)
            }
        }
    }

    /// The cells around the point that a cell of the kernel was moved to, and their shares; none outside.
    /// - Parameter moved: the offset along the first axis; those along the others follow at a distance of `places`.
    private func locate(
        _ cell: Int, _ place: Int, _ moved: UnsafePointer<Element>, _ places: Int,
        _ shares: UnsafeMutablePointer<Double>, _ sites: UnsafeMutablePointer<Int>
    ) {
        for corner in 0..<corners { (shares[corner], sites[corner]) = (1, 0) }
        var (cell, place) = (cell, place)
        var step = 1
        for axis in stride(from: input.count - 1, through: 0, by: -1) {
            let start =
                place % output[axis] * attributes.window.strides[axis] - before[axis]
                + cell % kernel[axis] * attributes.window.dilations[axis]
            cell /= kernel[axis]
            place /= output[axis]
            let point = Double(start) + Double(moved[axis * places])
            guard point > -1, point < Double(input[axis]) else {
                for corner in 0..<corners { shares[corner] = 0 }
                return
            }
            let lower = Int(point.rounded(.down))
            let ratio = point - Double(lower)
            for corner in 0..<corners {
                let isUpper = corner >> axis & 1 == 1
                let index = isUpper ? lower + 1 : lower
                shares[corner] *= isUpper ? ratio : 1 - ratio
                if index < 0 || index >= input[axis] { shares[corner] = 0 }
                sites[corner] += min(max(index, 0), input[axis] - 1) * step
            }
            step *= input[axis]
        }
    }
}

extension DeformableConvolution {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let attributes: DeformableConvolution
            let input: Shape
            let weights: Shape
            let output: Shape
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                let kernel = Array(weights.dimensions[2...])
                return SpecializedKernel(
                    DeformableConvolutionKernel<Element>(
                        attributes: attributes, batch: input[0], channels: input[1], outputs: weights[0],
                        input: Array(input.dimensions[2...]), kernel: kernel, output: Array(output.dimensions[2...]),
                        before: kernel.indices.map {
                            attributes.window.pads(input: input[$0 + 2], kernel: kernel[$0], axis: $0).before
                        }))
            }
        }
        let input = request.inputTypes[0]!
        guard input.shape.rank <= 5 else { throw KernelError("more than 3 spatial axes cannot be computed") }
        return try input.dtype.acceptFloatingPoint(
            Visitor(
                attributes: self, input: input.shape, weights: request.inputTypes[1]!.shape,
                output: request.outputTypes[0].shape), for: operatorName)
    }
}
