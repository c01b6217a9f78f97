internal import Graphs
internal import Tensors

/// z = f(x, y) on each pair of elements, with broadcasting.
enum BinaryKernel {
    static func make(_ binary: Binary, _ request: KernelRequest) throws -> any Kernel {
        let left = request.inputTypes[0]!
        let right = request.inputTypes[1]!
        let plan = BroadcastPlan(output: request.outputTypes[0].shape, operands: [left.shape, right.shape])
        switch binary.function {
        case .and, .or, .xor:
            guard left.dtype == .bool else { throw KernelError("\(binary.operatorName) takes bool, not \(left.dtype)") }
        case .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight:
            guard left.dtype.isInteger else {
                throw KernelError("\(binary.operatorName) takes integers, not \(left.dtype)")
            }
        default:
            guard left.dtype != .bool, right.dtype != .bool else {
                throw KernelError("\(binary.operatorName) takes numbers, not bool")
            }
        }
        if binary.function == .power && left.dtype != right.dtype {
            return try MixedPowerKernel.make(plan: plan, base: left.dtype, exponent: right.dtype)
        }
        if left.dtype == .float32, let kernel = VectorisedBinaryKernel(binary.function, plan) { return kernel }
        switch binary.function {
        case .and, .or, .xor, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight:
            return try makeBitwise(binary.function, plan, left.dtype)
        default: return try left.dtype.accept(Arithmetic(function: binary.function, plan: plan))
        }
    }

    private static func makeBitwise(_ function: BinaryFunction, _ plan: BroadcastPlan, _ dtype: DType) throws
        -> any Kernel
    {
        switch dtype {
        case .bool, .uint8: SpecializedKernel(BitwiseKernel<UInt8>(function: function, plan: plan))
        case .uint16: BitwiseKernel<UInt16>(function: function, plan: plan)
        case .uint32: BitwiseKernel<UInt32>(function: function, plan: plan)
        case .uint64: BitwiseKernel<UInt64>(function: function, plan: plan)
        case .int8: BitwiseKernel<Int8>(function: function, plan: plan)
        case .int16: BitwiseKernel<Int16>(function: function, plan: plan)
        case .int32: SpecializedKernel(BitwiseKernel<Int32>(function: function, plan: plan))
        case .int64: SpecializedKernel(BitwiseKernel<Int64>(function: function, plan: plan))
        default: throw KernelError("\(function.rawValue) does not take \(dtype)")
        }
    }

    private struct Arithmetic: ElementVisitor {
        let function: BinaryFunction
        let plan: BroadcastPlan

        func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
            SpecializedKernel.make(ArithmeticKernel<Element>(function: function, plan: plan), for: Element.self)
        }
    }
}

/// Functions of two numbers.
struct ArithmeticKernel<Element: NumericElement>: Kernel {
    let function: BinaryFunction
    let plan: BroadcastPlan

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let x = operands.input(0, as: Element.self)
        let y = operands.input(1, as: Element.self)
        let z = operands.output(0, as: Element.self)
        switch function {
        case .add: plan.combine(x, y, z, context) { .plus($0, $1) }
        case .subtract: plan.combine(x, y, z, context) { .minus($0, $1) }
        case .multiply: plan.combine(x, y, z, context) { .times($0, $1) }
        case .divide: plan.combine(x, y, z, context, cost: 4) { .quotient($0, $1) }
        case .minimum: plan.combine(x, y, z, context) { .smaller($0, $1) }
        case .maximum: plan.combine(x, y, z, context) { .larger($0, $1) }
        case .modulo: plan.combine(x, y, z, context, cost: 10) { .modulo($0, $1) }
        case .remainder: plan.combine(x, y, z, context, cost: 10) { .remainder($0, $1) }
        case .parametricRelu: plan.combine(x, y, z, context) { $0 < .zero ? .times($0, $1) : $0 }
        case .power:
            // Squares are what norms and variances are written with.
            let two = Element.plus(.one, .one)
            plan.combine(x, y, z, context, cost: 20) { $1 == two ? .times($0, $0) : .power($0, $1) }
        case .and, .or, .xor, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight:
            throw KernelError("\(function.rawValue) is no arithmetic")
        }
    }
}

/// Functions of two bit patterns; truth values are the bytes 0 and 1.
struct BitwiseKernel<Element: FixedWidthInteger & BitwiseCopyable & Sendable>: Kernel {
    let function: BinaryFunction
    let plan: BroadcastPlan

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let x = operands.input(0, as: Element.self)
        let y = operands.input(1, as: Element.self)
        let z = operands.output(0, as: Element.self)
        switch function {
        case .and, .bitwiseAnd: plan.combine(x, y, z, context) { $0 & $1 }
        case .or, .bitwiseOr: plan.combine(x, y, z, context) { $0 | $1 }
        case .xor, .bitwiseXor: plan.combine(x, y, z, context) { $0 ^ $1 }
        // A shift past the width, as Swift has it, leaves only the sign; a negative one counts as such.
        case .shiftLeft: plan.combine(x, y, z, context) { $1 < 0 ? 0 : $0 << $1 }
        case .shiftRight: plan.combine(x, y, z, context) { $0 >> ($1 < 0 ? Element(Element.bitWidth - 1) : $1) }
        default: throw KernelError("\(function.rawValue) is no function of bits")
        }
    }
}
