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
                let power = Int64.power(Int64(converting: base.double), Int64(converting: exponent.double))
                return Base(truncating: power)
            }
        } else {
            plan.combine(x, y, z, context, cost: 40) { base, exponent in
                Base(converting: Double.power(base.double, exponent.double))
            }
        }
    }
}

extension NumericElement {
    /// The low bits of an integer.
    init(truncating value: Int64) {
        switch Self.self {
        case is Int8.Type: self = Int8(truncatingIfNeeded: value) as! Self
        case is Int16.Type: self = Int16(truncatingIfNeeded: value) as! Self
        case is Int32.Type: self = Int32(truncatingIfNeeded: value) as! Self
        case is Int64.Type: self = value as! Self
        case is UInt8.Type: self = UInt8(truncatingIfNeeded: value) as! Self
        case is UInt16.Type: self = UInt16(truncatingIfNeeded: value) as! Self
        case is UInt32.Type: self = UInt32(truncatingIfNeeded: value) as! Self
        case is UInt64.Type: self = UInt64(truncatingIfNeeded: value) as! Self
        default: self = Self(converting: Double(value))
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
