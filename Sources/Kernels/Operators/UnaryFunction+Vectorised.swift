internal import CKernels
internal import Graphs

/// A function of one float32 as CKernels knows it: on its own, or fused behind a convolution or a matrix product.
struct VectorisedFunction: Sendable {
    let code: Int32
    let alpha: Float
    let beta: Float

    static let identity = VectorisedFunction(code: Int32(MPK_IDENTITY), alpha: 0, beta: 0)

    private init(code: Int32, alpha: Float, beta: Float) {
        self.code = code
        self.alpha = alpha
        self.beta = beta
    }

    /// nil for functions that CKernels lacks.
    init?(_ unary: Unary) {
        guard let code = VectorisedFunction.codes[unary.function] else { return nil }
        self.code = Int32(code)
        // ONNX's Swish has no parameter before opset 24; an alpha of 0 would make it x / 2.
        alpha = unary.function == .silu && unary.alpha == 0 ? 1 : unary.alpha
        beta = unary.beta
    }

    private static let codes: [UnaryFunction: Int] = [
        .relu: MPK_RELU, .leakyRelu: MPK_LEAKY_RELU, .clip: MPK_CLIP, .sigmoid: MPK_SIGMOID,
        .hardSigmoid: MPK_HARD_SIGMOID, .tanh: MPK_TANH, .elu: MPK_ELU, .selu: MPK_SELU, .celu: MPK_CELU,
        .softplus: MPK_SOFTPLUS, .softsign: MPK_SOFTSIGN, .silu: MPK_SILU, .hardSwish: MPK_HARD_SWISH,
        .gelu: MPK_GELU_ERF, .geluTanh: MPK_GELU_TANH, .mish: MPK_MISH, .thresholdedRelu: MPK_THRESHOLDED_RELU,
        .exponential: MPK_EXP, .logarithm: MPK_LOG, .squareRoot: MPK_SQRT, .reciprocal: MPK_RECIPROCAL,
        .negative: MPK_NEGATE, .absolute: MPK_ABS, .sign: MPK_SIGN, .errorFunction: MPK_ERF, .floor: MPK_FLOOR,
        .ceiling: MPK_CEIL, .round: MPK_ROUND,
    ]

    var isIdentity: Bool { code == Int32(MPK_IDENTITY) }

    /// Element operations that one element costs, for cutting work into tasks.
    var cost: Int { code == Int32(MPK_RELU) || code == Int32(MPK_CLIP) || code == Int32(MPK_IDENTITY) ? 1 : 8 }

    /// - Parameters: source and destination [count], which may be the same
    func apply(_ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, count: Int) {
        mpk_unary(code, alpha, beta, source, destination, Int64(count))
    }

    /// What a fused kernel does to each product, in its caller's memory.
    func epilogue(bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?) -> mpk_epilogue {
        mpk_epilogue(
            activation: code, activation_alpha: alpha, activation_beta: beta, bias: bias, residual: residual)
    }
}
