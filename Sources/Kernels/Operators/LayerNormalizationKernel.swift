internal import Graphs
internal import Tensors

/// Normalises each row of [rows, count] by its own moments, then scales and shifts element by element.
struct LayerNormalizationKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let epsilon: Double
    let subtractsMean: Bool
    let rows: Int
    let count: Int
    /// Where scale and bias lie for each element of x; they may be stretched along any axis.
    let scale: OuterAxes
    let bias: OuterAxes?
    /// Whether scale and bias are simply one row, as nearly always.
    let areRows: Bool

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [rows, count]
        let scales = operands.input(1, as: Element.self)
        let biases = bias == nil ? nil : operands.optionalInput(2, as: Element.self)
        let result = operands.output(0, as: Element.self)  // [rows, count]
        let means = subtractsMean ? operands.optionalOutput(1, as: Float.self) : nil  // [rows]
        let factors = subtractsMean ? operands.optionalOutput(2, as: Float.self) : nil  // [rows]
        let (count, scale, bias) = (count, scale, bias)
        context.parallelRanges(rows, cost: count * 5) { range in
            for row in range {
                let from = source + row * count
                let to = result + row * count
                let mean: Double
                let variance: Double
                if subtractsMean {
                    (mean, variance) = Moments.of(from, count: count)
                } else {
                    (mean, variance) = (0, Moments.meanOfSquares(from, count: count))
                }
                let factor = 1 / (variance + epsilon).squareRoot()
                means?[row] = Float(mean)
                factors?[row] = Float(factor)
                if areRows, let biases {
                    for index in 0..<count {
                        let normal = Element((Double(from[index]) - mean) * factor)
                        to[index] = normal * scales[index] + biases[index]
                    }
                } else if areRows {
                    for index in 0..<count {
                        to[index] = Element((Double(from[index]) - mean) * factor) * scales[index]
                    }
                } else {
                    for index in 0..<count {
                        let element = row * count + index
                        let normal = Element((Double(from[index]) - mean) * factor)
                        let shift = biases.map { $0[bias!.offset(of: element)] } ?? 0
                        to[index] = normal * scales[scale.offset(of: element)] + shift
                    }
                }
            }
        }
    }
}

extension LayerNormalization {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let attributes: LayerNormalization
            let input: Shape
            let axis: Int
            let scale: Shape
            let bias: Shape?

            private func places(_ shape: Shape) -> OuterAxes {
                let missing = input.rank - shape.rank
                let strides = shape.strides
                return OuterAxes(
                    extents: input.dimensions,
                    strides: (0..<input.rank).map {
                        $0 < missing || shape[$0 - missing] == 1 ? 0 : strides[$0 - missing]
                    })
            }

            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                let row = Array(input.dimensions[axis...])
                return SpecializedKernel(
                    LayerNormalizationKernel<Element>(
                        epsilon: Double(attributes.epsilon), subtractsMean: attributes.subtractsMean,
                        rows: input.elementCount(over: 0..<axis), count: input.elementCount(over: axis..<input.rank),
                        scale: places(scale), bias: bias.map(places),
                        areRows: scale.dimensions == row && (bias == nil || bias!.dimensions == row)))
            }
        }
        let input = request.inputTypes[0]!
        let axis = try normalizedAxis(axis, rank: input.shape.rank)
        let kernel = try input.dtype.acceptFloatingPoint(
            Visitor(
                attributes: self, input: input.shape, axis: axis, scale: request.inputTypes[1]!.shape,
                bias: request.inputType(2)?.shape), for: operatorName)
        let row = Array(input.shape.dimensions[axis...])
        let columns = row.reduce(1, *)
        guard input.dtype == .float32, columns > 0, request.inputTypes[1]!.shape.dimensions == row,
            (request.inputType(2)?.shape.dimensions ?? row) == row
        else { return kernel }
        let rows = RowNormalizationKernel(
            function: subtractsMean ? .layerNormalization(epsilon: epsilon) : .rootMeanSquare(epsilon: epsilon),
            rows: input.shape.elementCount(over: 0..<axis), columns: columns)
        return VectorisedLayerNormalizationKernel(rows: rows, complete: kernel)
    }
}
