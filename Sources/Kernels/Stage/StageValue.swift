public import Tensors

/// What flows between the nodes of a stage: tensors, and the values that ONNX has in addition to them. Only tensors
/// leave a stage.
public enum StageValue: Sendable {
    case tensor(Tensor)
    case sequence([Tensor])
    /// An optional that holds nothing; one that holds something is that.
    case nothing

    public var tensor: Tensor? {
        if case .tensor(let tensor) = self { tensor } else { nil }
    }

    /// The type of a tensor; nil for what has none.
    public var type: TensorType? { tensor?.type }

    /// For messages.
    var summary: String {
        switch self {
        case .tensor(let tensor): tensor.type.description
        case .sequence(let tensors): "a sequence of \(tensors.count)"
        case .nothing: "an empty optional"
        }
    }
}
