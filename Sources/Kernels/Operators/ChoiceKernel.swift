internal import Graphs
internal import Tensors

/// Elements of one operand where a condition holds, of another elsewhere, with broadcasting.
struct ChoiceKernel<Cell: FixedWidthInteger & BitwiseCopyable & Sendable>: Kernel {
    let plan: BroadcastPlan

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let condition = operands.input(0, as: UInt8.self)
        let first = operands.input(1, as: Cell.self)
        let second = operands.input(2, as: Cell.self)
        let result = operands.output(0, as: Cell.self)
        let steps = plan.movesInRow.map { $0 ? 1 : 0 }
        let (conditionStep, firstStep, secondStep) = (steps[0], steps[1], steps[2])
        context.parallelRanges(plan.elementCount, cost: 2) { range in
            plan.forEachPiece(of: range) { start, count, offsets in
                let condition = condition + offsets[0]
                let first = first + offsets[1]
                let second = second + offsets[2]
                let result = result + start
                for index in 0..<count {
                    result[index] =
                        condition[index &* conditionStep] != 0
                        ? first[index &* firstStep] : second[index &* secondStep]
                }
            }
        }
    }
}

extension Choice {
    func kernel(_ request: KernelRequest) -> any Kernel {
        struct Visitor: CellVisitor {
            let plan: BroadcastPlan
            func visit<Cell: FixedWidthInteger & BitwiseCopyable & Sendable>(_: Cell.Type) -> any Kernel {
                SpecializedKernel(ChoiceKernel<Cell>(plan: plan))
            }
        }
        let output = request.outputTypes[0]
        let plan = BroadcastPlan(output: output.shape, operands: request.inputTypes.map { $0!.shape })
        return withCell(byteCount: output.dtype.byteCount, Visitor(plan: plan))
    }
}
