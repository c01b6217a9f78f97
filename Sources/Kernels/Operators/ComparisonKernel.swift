internal import Graphs
internal import Tensors

/// Whether a relation holds for each pair of elements, with broadcasting.
struct ComparisonKernel<Element: NumericElement>: Kernel {
    let relation: Relation
    let plan: BroadcastPlan

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let x = operands.input(0, as: Element.self)
        let y = operands.input(1, as: Element.self)
        let z = operands.output(0, as: UInt8.self)
        switch relation {
        case .equal: plan.combine(x, y, z, context) { $0 == $1 ? 1 : 0 }
        case .less: plan.combine(x, y, z, context) { $0 < $1 ? 1 : 0 }
        case .lessOrEqual: plan.combine(x, y, z, context) { $0 <= $1 ? 1 : 0 }
        case .greater: plan.combine(x, y, z, context) { $0 > $1 ? 1 : 0 }
        case .greaterOrEqual: plan.combine(x, y, z, context) { $0 >= $1 ? 1 : 0 }
        }
    }
}

extension Comparison {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: ElementVisitor {
            let relation: Relation
            let plan: BroadcastPlan
            func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel.make(ComparisonKernel<Element>(relation: relation, plan: plan), for: Element.self)
            }
        }
        let left = request.inputTypes[0]!
        let right = request.inputTypes[1]!
        let plan = BroadcastPlan(output: request.outputTypes[0].shape, operands: [left.shape, right.shape])
        return try left.dtype.accept(Visitor(relation: relation, plan: plan))
    }
}
