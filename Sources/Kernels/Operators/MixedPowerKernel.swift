internal import Graphs
internal import Tensors

/// Powers whose exponent has another dtype than the base: both become float64, the result takes the base's dtype. An
/// integer to an integer stays in integers, which float64 could not hold.
struct MixedPowerKernel<Base: NumericElement, Exponent: NumericElement>: Kernel {
    let plan: BroadcastPlan
    let isInteger: Bool

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let x = operands.input(0, as: Base.self)
        let y = operands.input(1, as: Exponent.self)
        let z = operands.output(0, as: Base.self)
        if isInteger {
            plan.combine(x, y, z, context, cost: 40) { base, exponent in
                let power = Int64.power(base.bits, exponent.bits)
                return Base(truncating: power)
            }
        } else {
            plan.combine(x, y, z, context, cost: 40) { base, exponent in
                Base(converting: Double.power(base.double, exponent.double))
            }
        }
    }
}

extension MixedPowerKernel where Base == Float, Exponent == Float {
    static func make(plan: BroadcastPlan, base: DType, exponent: DType) throws -> any Kernel {
        let isInteger = base.isInteger && exponent.isInteger
        return try base.accept(BaseVisitor(plan: plan, exponent: exponent, isInteger: isInteger))
    }
}

private struct BaseVisitor: ElementVisitor {
    let plan: BroadcastPlan
    let exponent: DType
    let isInteger: Bool

    func visit<Base: NumericElement>(_: Base.Type) throws -> any Kernel {
        try exponent.accept(ExponentVisitor<Base>(plan: plan, isInteger: isInteger))
    }
}

private struct ExponentVisitor<Base: NumericElement>: ElementVisitor {
    let plan: BroadcastPlan
    let isInteger: Bool

    func visit<Exponent: NumericElement>(_: Exponent.Type) throws -> any Kernel {
        MixedPowerKernel<Base, Exponent>(plan: plan, isInteger: isInteger)
    }
}
