internal import Graphs
internal import Tensors

/// y = f(x) on each element.
enum UnaryKernel {
    /// - Parameter type: of the operand.
    static func make(_ unary: Unary, _ type: TensorType) throws -> any Kernel {
        let count = type.shape.elementCount
        let dtype = type.dtype
        if dtype == .float32, let function = VectorisedFunction(unary) {
            return VectorisedUnaryKernel(function: function, count: count)
        }
        switch unary.function {
        case .logicalNot:
            guard dtype == .bool else { throw KernelError("Not takes bool, not \(dtype)") }
            return MappingKernel<UInt8, UInt8>(count: count, cost: 1) { $0 == 0 ? 1 : 0 }
        case .isNaN, .isInfinite:
            return try dtype.acceptFloatingPoint(FloatTests(unary: unary, count: count), for: unary.operatorName)
        default: break
        }
        if dtype.isFloatingPoint {
            guard let function = unary.evaluation() else {
                throw KernelError("\(unary.operatorName) does not take \(dtype)")
            }
            return dtype == .float32
                ? SpecializedKernel(MappingKernel<Float, Float>(count: count, cost: 20) { Float(function(Double($0))) })
                : SpecializedKernel(MappingKernel<Double, Double>(count: count, cost: 20, function))
        }
        guard dtype.isInteger else { throw KernelError("\(unary.operatorName) does not take \(dtype)") }
        return try dtype.accept(IntegerFunctions(unary: unary, count: count, dtype: dtype))
    }
}

private struct FloatTests: FloatingPointVisitor {
    let unary: Unary
    let count: Int

    func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
        if unary.function == .isNaN {
            return MappingKernel<Element, UInt8>(count: count, cost: 1) { $0 != $0 ? 1 : 0 }
        }
        let countsNegative = unary.alpha != 0
        let countsPositive = unary.beta != 0
        return MappingKernel<Element, UInt8>(count: count, cost: 1) {
            ($0 == .infinity && countsPositive) || ($0 == -.infinity && countsNegative) ? 1 : 0
        }
    }
}

private struct IntegerFunctions: ElementVisitor {
    let unary: Unary
    let count: Int
    let dtype: DType

    func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
        func kernel(_ function: @escaping @Sendable (Element) -> Element) -> any Kernel {
            SpecializedKernel(MappingKernel<Element, Element>(count: count, cost: 2, function))
        }
        switch unary.function {
        case .relu: return kernel { $0 < .zero ? .zero : $0 }
        case .clip:
            let lower = Element(converting: Double(unary.alpha))
            let upper = Element(converting: Double(unary.beta))
            return kernel { min(max($0, lower), upper) }
        case .negative: return kernel { .minus(.zero, $0) }
        case .absolute: return kernel { .magnitude($0) }
        case .sign: return kernel { $0 > .zero ? .one : $0 < .zero ? .minus(.zero, .one) : .zero }
        case .floor, .ceiling, .round: return kernel { $0 }
        // All bits set is -1, or the greatest unsigned number: zero minus one either way.
        case .bitwiseNot: return kernel { .minus(.minus(.zero, .one), $0) }
        default:
            guard let function = unary.evaluation() else {
                throw KernelError("\(unary.operatorName) does not take \(dtype)")
            }
            return kernel { Element(converting: function($0.double)) }
        }
    }
}

/// float32 functions that CKernels has.
struct VectorisedUnaryKernel: Kernel {
    let function: VectorisedFunction
    let count: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Float.self)  // [count]
        let destination = operands.output(0, as: Float.self)  // [count]
        context.parallelRanges(count, cost: function.cost) { range in
            function.apply(
                source + range.lowerBound, destination + range.lowerBound, count: range.count)
        }
    }
}

/// Any function of one element, called for each.
struct MappingKernel<Element: BitwiseCopyable & Sendable, Result: BitwiseCopyable & Sendable>: Kernel {
    let count: Int
    let cost: Int
    let function: @Sendable (Element) -> Result

    init(count: Int, cost: Int, _ function: @escaping @Sendable (Element) -> Result) {
        self.count = count
        self.cost = cost
        self.function = function
    }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [count]
        let destination = operands.output(0, as: Result.self)  // [count]
        context.parallelRanges(count, cost: cost) { range in
            for index in range { destination[index] = function(source[index]) }
        }
    }
}
