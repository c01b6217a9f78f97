public import Tensors

/// A function of one element, applied to each.
public enum UnaryFunction: String, Sendable, Codable, CaseIterable {
    case relu = "Relu"
    case leakyRelu = "LeakyRelu"
    case clip = "Clip"
    case sigmoid = "Sigmoid"
    case hardSigmoid = "HardSigmoid"
    case tanh = "Tanh"
    case elu = "Elu"
    case selu = "Selu"
    case celu = "Celu"
    case softplus = "Softplus"
    case softsign = "Softsign"
    case silu = "Swish"
    case hardSwish = "HardSwish"
    case gelu = "Gelu"
    case geluTanh = "GeluTanh"
    case mish = "Mish"
    case thresholdedRelu = "ThresholdedRelu"
    case shrink = "Shrink"
    case exponential = "Exp"
    case logarithm = "Log"
    case squareRoot = "Sqrt"
    case reciprocal = "Reciprocal"
    case negative = "Neg"
    case absolute = "Abs"
    case sign = "Sign"
    case errorFunction = "Erf"
    case floor = "Floor"
    case ceiling = "Ceil"
    case round = "Round"
    case sine = "Sin"
    case cosine = "Cos"
    case tangent = "Tan"
    case arcSine = "Asin"
    case arcCosine = "Acos"
    case arcTangent = "Atan"
    case hyperbolicSine = "Sinh"
    case hyperbolicCosine = "Cosh"
    case arcHyperbolicSine = "Asinh"
    case arcHyperbolicCosine = "Acosh"
    case arcHyperbolicTangent = "Atanh"
    case logicalNot = "Not"
    case bitwiseNot = "BitwiseNot"
    case isNaN = "IsNaN"
    case isInfinite = "IsInf"
}

/// y = f(x) for each element. `alpha` and `beta` are the function's parameters in ONNX's order: the slope of
/// `leakyRelu`, the limits of `clip`, slope and offset of `hardSigmoid`, alpha and gamma of `selu`, lambda and bias of
/// `shrink`, and for `isInfinite` whether negative and positive infinity count (every number but 0 means yes).
public struct Unary: OperatorAttributes {
    public var function: UnaryFunction
    public var alpha: Float
    public var beta: Float

    public init(_ function: UnaryFunction, alpha: Float = 0, beta: Float = 0) {
        self.function = function
        self.alpha = alpha
        self.beta = beta
    }

    public var operatorName: String { function.rawValue }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let type = try operands.type(0)
        switch function {
        case .isNaN, .isInfinite: return [TensorType(.bool, type.shape)]
        default: return [type]
        }
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }
}
