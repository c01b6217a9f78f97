public import Tensors

/// What every operator tells about itself. Attributes are part of the conforming struct; nothing here computes.
public protocol OperatorAttributes: Hashable, Codable, Sendable {
    /// As the ONNX standard spells it, where it has the operator.
    var operatorName: String { get }

    /// The types of the outputs, as many as the operator can have.
    func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType]

    /// What each element of the outputs reads of the operands, axis by axis. It never leaves out what is read; the default,
    /// opaque, is that everything may be.
    ///
    /// - Parameters:
    ///   - operands: such as `outputTypes(of:)` accepts.
    ///   - outputs: its answer to them.
    /// - Throws: what `outputTypes(of:)` would, and so nothing for such operands.
    func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations

    /// What one evaluation costs. The default is one flop per output element and each byte touched once.
    func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost

    /// Outputs that follow from the operands' types alone (`Shape`), nil for everybody else.
    func outputsKnown(from operands: Operands) -> [Tensor]?

    /// Whether the output has the bytes of operand 0 in the same order under another shape, so that no copy is needed.
    var isView: Bool { get }

    /// Whether result 0 is made also where nobody takes it, since other results are computed from it.
    var alwaysMakesFirst: Bool { get }

    /// Whether the results depend on which items are computed, and not only on the operands: they must not be computed
    /// early.
    var hangsOnItem: Bool { get }
}

extension OperatorAttributes {
    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .opaque(operands, outputs: outputs)
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(
            flops: outputs.reduce(0) { $0 + Double($1.shape.elementCount) },
            bytes: Cost.traffic(operands, outputs))
    }

    public func outputsKnown(from operands: Operands) -> [Tensor]? { nil }
    public var isView: Bool { false }
    public var alwaysMakesFirst: Bool { false }
    public var hangsOnItem: Bool { false }
}

extension Cost {
    /// Bytes of all operands and results, each once.
    public static func traffic(_ operands: [TensorType?], _ outputs: [TensorType]) -> Double {
        operands.reduce(0) { $0 + Double($1?.byteCount ?? 0) } + outputs.reduce(0) { $0 + Double($1.byteCount) }
    }
}
