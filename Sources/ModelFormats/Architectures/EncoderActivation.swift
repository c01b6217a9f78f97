internal import Graphs

/// A function between the two layers of a feed-forward block, by the names that `config.json` has for it.
struct EncoderActivation {
    let unary: Unary

    static let table: [String: EncoderActivation] = [
        "gelu": .init(unary: Unary(.gelu)),
        "gelu_new": .init(unary: Unary(.geluTanh)),
        "gelu_pytorch_tanh": .init(unary: Unary(.geluTanh)),
        "relu": .init(unary: Unary(.relu)),
        "silu": .init(unary: Unary(.silu)),
        "swish": .init(unary: Unary(.silu)),
    ]
}
