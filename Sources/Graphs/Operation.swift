/// Every operator that a graph of ours can hold. The enum is closed on purpose: a new case does not compile until
/// each switch over it says what to do.
public enum Operation: Sendable, Hashable, Codable {
    // Element-wise
    case unary(Unary)
    case binary(Binary)
    case comparison(Comparison)
    case choice(Choice)
    case cast(Cast)
    // Linear algebra
    case convolution(Convolution)
    case convolutionTranspose(ConvolutionTranspose)
    case matrixProduct(MatrixProduct)
    case gemm(Gemm)
    // Pooling and normalisation
    case pooling(Pooling)
    case globalPooling(GlobalPooling)
    case batchNormalization(BatchNormalization)
    case localResponseNormalization(LocalResponseNormalization)
    case softmax(Softmax)
    case reduction(Reduction)
    // Layout
    case concatenation(Concatenation)
    case split(Split)
    case slice(Slice)
    case pad(Pad)
    case reshape(Reshape)
    case flatten(Flatten)
    case squeeze(Squeeze)
    case unsqueeze(Unsqueeze)
    case transpose(Transpose)
    case expand(Expand)
    case gather(Gather)
    case resize(Resize)
    // Shape arithmetic
    case shapeOf(ShapeOf)
    case constantOfShape(ConstantOfShape)
    case arithmeticRange(ArithmeticRange)
    // The rest
    case identity(Identity)
    case unsupported(Unsupported)

    /// The payload, as what all operators have in common.
    public var attributes: any OperatorAttributes {
        switch self {
        case .unary(let attributes): attributes
        case .binary(let attributes): attributes
        case .comparison(let attributes): attributes
        case .choice(let attributes): attributes
        case .cast(let attributes): attributes
        case .convolution(let attributes): attributes
        case .convolutionTranspose(let attributes): attributes
        case .matrixProduct(let attributes): attributes
        case .gemm(let attributes): attributes
        case .pooling(let attributes): attributes
        case .globalPooling(let attributes): attributes
        case .batchNormalization(let attributes): attributes
        case .localResponseNormalization(let attributes): attributes
        case .softmax(let attributes): attributes
        case .reduction(let attributes): attributes
        case .concatenation(let attributes): attributes
        case .split(let attributes): attributes
        case .slice(let attributes): attributes
        case .pad(let attributes): attributes
        case .reshape(let attributes): attributes
        case .flatten(let attributes): attributes
        case .squeeze(let attributes): attributes
        case .unsqueeze(let attributes): attributes
        case .transpose(let attributes): attributes
        case .expand(let attributes): attributes
        case .gather(let attributes): attributes
        case .resize(let attributes): attributes
        case .shapeOf(let attributes): attributes
        case .constantOfShape(let attributes): attributes
        case .arithmeticRange(let attributes): attributes
        case .identity(let attributes): attributes
        case .unsupported(let attributes): attributes
        }
    }

    public var name: String { attributes.operatorName }
}
