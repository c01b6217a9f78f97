internal import Graphs
internal import Tensors

/// (x - mean) / sqrt(variance + epsilon) * scale + bias with statistics over groups of neighbouring channels; a group
/// of one channel is an instance normalisation.
struct GroupNormalizationKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let epsilon: Double
    let batch: Int
    let groups: Int
    let channelsPerGroup: Int
    /// Elements of a channel.
    let plane: Int
    /// Whether scale and bias have an element per group and not per channel.
    let hasParametersPerGroup: (scale: Bool, bias: Bool)

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [batch, groups, channelsPerGroup, plane]
        let scale = operands.input(1, as: Element.self)
        let bias = operands.input(2, as: Element.self)
        let result = operands.output(0, as: Element.self)
        let size = channelsPerGroup * plane
        context.parallelRanges(batch * groups, cost: size * 4) { range in
            for index in range {
                let from = source + index * size
                let (mean, variance) = Moments.of(from, count: size)
                let factor = 1 / (variance + epsilon).squareRoot()
                for inGroup in 0..<channelsPerGroup {
                    let group = index % groups
                    let channel = group * channelsPerGroup + inGroup
                    let channelFactor = Double(scale[hasParametersPerGroup.scale ? group : channel]) * factor
                    let offset = Double(bias[hasParametersPerGroup.bias ? group : channel]) - mean * channelFactor
                    ScaleAndShift.apply(
                        from + inGroup * plane, result + index * size + inGroup * plane, count: plane,
                        factor: channelFactor, offset: offset)
                }
            }
        }
    }
}

/// Mean and variance in float64.
enum Moments {
    /// - Parameter values: [count]
    @inline(__always)
    static func of<Element: BinaryFloatingPoint>(_ values: UnsafePointer<Element>, count: Int) -> (
        mean: Double, variance: Double
    ) {
        let mean = sum(count) { Double(values[$0]) } / Double(max(count, 1))
        let squares = sum(count) {
            let distance = Double(values[$0]) - mean
            return distance * distance
        }
        return (mean, squares / Double(max(count, 1)))
    }

    static func meanOfSquares<Element: BinaryFloatingPoint>(_ values: UnsafePointer<Element>, count: Int) -> Double {
        sum(count) { Double(values[$0]) * Double(values[$0]) } / Double(max(count, 1))
    }

    /// Four chains hide the latency of the additions; their number and order are fixed.
    @inline(__always)
    private static func sum(_ count: Int, _ term: (Int) -> Double) -> Double {
        var (first, second, third, fourth) = (0.0, 0.0, 0.0, 0.0)
        var index = 0
        while index + 4 <= count {
            first += term(index)
            second += term(index + 1)
            third += term(index + 2)
            fourth += term(index + 3)
            index += 4
        }
        while index < count {
            first += term(index)
            index += 1
        }
        return (first + second) + (third + fourth)
    }
}

private struct Visitor: FloatingPointVisitor {
    let epsilon: Float
    let shape: Shape
    let groups: Int
    let scaleCount: Int
    let biasCount: Int

    func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
        let channels = shape[1]
        return SpecializedKernel(
            GroupNormalizationKernel<Element>(
                epsilon: Double(epsilon), batch: shape[0], groups: groups, channelsPerGroup: channels / max(groups, 1),
                plane: shape.elementCount(over: 2..<shape.rank),
                hasParametersPerGroup: (scaleCount != channels, biasCount != channels)))
    }
}

extension GroupNormalization {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        return try input.dtype.acceptFloatingPoint(
            Visitor(
                epsilon: epsilon, shape: input.shape, groups: groups, scaleCount: request.inputTypes[1]!.shape[0],
                biasCount: request.inputTypes[2]!.shape[0]), for: operatorName)
    }
}

extension InstanceNormalization {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let channels = input.shape[1]
        return try input.dtype.acceptFloatingPoint(
            Visitor(
                epsilon: epsilon, shape: input.shape, groups: channels, scaleCount: channels, biasCount: channels),
            for: operatorName)
    }
}
