internal import Graphs
internal import Tensors

/// Turns pairs of numbers by the angle of their position.
struct RotaryEmbeddingKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let extents: RotaryEmbedding.Extents
    let isInterleaved: Bool
    let isFlat: Bool
    let hasPositions: Bool

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let source = operands.input(0, as: Element.self)
        let cosines = operands.input(1, as: Element.self)  // [positions or batch * sequence, half]
        let sines = operands.input(2, as: Element.self)  // the same
        let positions = hasPositions ? operands.input(3, as: Int64.self) : nil  // [batch, sequence]
        let result = operands.output(0, as: Element.self)
        if let positions {
            for index in 0..<(extents.batch * extents.sequence) {
                guard positions[index] >= 0, positions[index] < extents.positions else {
                    throw KernelError(
                        "position \(positions[index]) lies outside the \(extents.positions) rows of the cosines")
                }
            }
        }
        let half = extents.rotated / 2
        let extents = extents
        // Of the first and the second number of a pair.
        let (step, second) = isInterleaved ? (2, 1) : (1, half)
        context.parallelRanges(extents.batch * extents.heads * extents.sequence, cost: extents.headDim * 2) { range in
            for row in range {
                let batch = row / (extents.heads * extents.sequence)
                let rest = row % (extents.heads * extents.sequence)
                let token = isFlat ? rest / extents.heads : rest % extents.sequence
                let entry = batch * extents.sequence + token
                let plain = extents.stretchesAngles ? token : entry
                let angle = (positions.map { Int($0[entry]) } ?? plain) * half
                let from = source + row * extents.headDim
                let to = result + row * extents.headDim
                for index in 0..<half {
                    let (cosine, sine) = (cosines[angle + index], sines[angle + index])
                    let (x, y) = (from[index * step], from[index * step + second])
                    to[index * step] = cosine * x - sine * y
                    to[index * step + second] = sine * x + cosine * y
                }
                for index in extents.rotated..<extents.headDim { to[index] = from[index] }
            }
        }
    }
}

extension RotaryEmbedding {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let extents: Extents
            let isInterleaved: Bool
            let isFlat: Bool
            let hasPositions: Bool
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(
                    RotaryEmbeddingKernel<Element>(
                        extents: extents, isInterleaved: isInterleaved, isFlat: isFlat, hasPositions: hasPositions))
            }
        }
        let input = request.inputTypes[0]!
        let operands = Operands(request.inputTypes.map { $0.map { Operands.Operand(type: $0) } })
        return try input.dtype.acceptFloatingPoint(
            Visitor(
                extents: extents(of: operands), isInterleaved: isInterleaved, isFlat: input.shape.rank == 3,
                hasPositions: request.has(3)), for: operatorName)
    }
}
