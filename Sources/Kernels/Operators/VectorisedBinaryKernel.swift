internal import CKernels
internal import Graphs
internal import Tensors

/// Functions of two float32 that CKernels has, row piece by row piece.
struct VectorisedBinaryKernel: Kernel {
    let code: Int32
    let plan: BroadcastPlan

    /// nil for functions that CKernels lacks.
    init?(_ function: BinaryFunction, _ plan: BroadcastPlan) {
        guard let code = VectorisedBinaryKernel.codes[function] else { return nil }
        self.code = Int32(code)
        self.plan = plan
    }

    private static let codes: [BinaryFunction: Int] = [
        .add: MPK_ADD, .subtract: MPK_SUBTRACT, .multiply: MPK_MULTIPLY, .divide: MPK_DIVIDE, .maximum: MPK_MAXIMUM,
        .minimum: MPK_MINIMUM, .power: MPK_POWER, .parametricRelu: MPK_PRELU,
    ]

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let left = operands.input(0, as: Float.self)
        let right = operands.input(1, as: Float.self)
        let result = operands.output(0, as: Float.self)
        let movesLeft = plan.movesInRow[0]
        let movesRight = plan.movesInRow[1]
        context.parallelRanges(plan.elementCount, cost: code == Int32(MPK_POWER) ? 20 : 1) { range in
            plan.forEachPiece(of: range) { start, count, offsets in
                let x = left + offsets[0]
                let y = right + offsets[1]
                if movesLeft && movesRight {
                    mpk_binary(code, x, y, result + start, Int64(count))
                } else if movesLeft {
                    mpk_binary_scalar_right(code, x, y[0], result + start, Int64(count))
                } else {
                    mpk_binary_scalar_left(code, x[0], y, result + start, Int64(count))
                }
            }
        }
    }
}
