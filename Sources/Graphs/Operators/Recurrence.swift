public import Tensors

/// What `RNN`, `LSTM` and `GRU` share: a cell that is applied step by step along a sequence, in one direction or both.
///
/// Operands 0 to 5 are the same in all three: X [steps, batch, input], W [directions, gates * hidden, input],
/// R [directions, gates * hidden, hidden], B [directions, 2 * gates * hidden], the sequences' lengths [batch] as int32,
/// the initial state [directions, batch, hidden]; all from B on may be left out. The first two results are the state
/// after each step [steps, directions, batch, hidden] and the last state [directions, batch, hidden].
public struct Recurrence: Hashable, Codable, Sendable {
    public enum Direction: String, Codable, Sendable {
        case forward, reverse, bidirectional

        /// How many cells read the sequence.
        public var count: Int { self == .bidirectional ? 2 : 1 }
    }

    public var direction: Direction
    /// The functions of each direction's cell, one direction after the other.
    public var activations: [RecurrentActivation]
    /// The arguments of gates' functions are limited to -clip...clip.
    public var clip: Float?
    /// Whether the batch comes before the steps (`layout` 1): X is [batch, steps, input], the results are
    /// [batch, steps, directions, hidden] and [batch, directions, hidden], as is the initial state.
    public var isBatchMajor: Bool
    /// As the model gives it; it follows from the weights too.
    public var hiddenSize: Int?

    public init(
        direction: Direction = .forward, activations: [RecurrentActivation], clip: Float? = nil,
        isBatchMajor: Bool = false, hiddenSize: Int? = nil
    ) {
        self.direction = direction
        self.activations = activations
        self.clip = clip
        self.isBatchMajor = isBatchMajor
        self.hiddenSize = hiddenSize
    }

    /// The sizes of one use.
    public struct Extents: Sendable {
        public let steps: Int
        public let batch: Int
        public let input: Int
        public let hidden: Int
        public let directions: Int
    }

    public func extents(input: Shape, recurrentWeights: Shape) -> Extents {
        Extents(
            steps: input[isBatchMajor ? 1 : 0], batch: input[isBatchMajor ? 0 : 1], input: input[2],
            hidden: recurrentWeights[2], directions: direction.count)
    }

    /// Checks the operands that all recurrent operators have.
    ///
    /// - Parameters:
    ///   - gates: of the cell, each with weights of its own.
    ///   - functions: of the cell.
    func checkedExtents(_ operands: Operands, gates: Int, functions: Int) throws(InferenceError) -> Extents {
        guard activations.count == functions * direction.count else {
            throw .mismatch(
                "\(activations.count) activations for \(direction.count) directions with \(functions) functions each")
        }
        let input = try operands.type(0)
        let weights = try operands.type(1)
        let recurrent = try operands.type(2)
        guard input.dtype.isFloatingPoint, weights.dtype == input.dtype, recurrent.dtype == input.dtype else {
            throw .mismatch("input and weights must have one floating-point dtype")
        }
        guard input.shape.rank == 3, weights.shape.rank == 3, recurrent.shape.rank == 3 else {
            throw .mismatch("input, W and R must have 3 axes each")
        }
        let sizes = extents(input: input.shape, recurrentWeights: recurrent.shape)
        guard sizes.hidden > 0, hiddenSize == nil || hiddenSize == sizes.hidden else {
            throw .mismatch(
                "R \(recurrent.shape) belongs to a hidden size of \(sizes.hidden)"
                    + (hiddenSize.map { ", the attribute says \($0)" } ?? ""))
        }
        let rows = try product(sizes.hidden, gates)
        try expect(operands, 1, "W", [sizes.directions, rows, sizes.input])
        try expect(operands, 2, "R", [sizes.directions, rows, sizes.hidden])
        try expect(operands, 3, "B", [sizes.directions, try product(rows, 2)])
        if operands.has(4) {
            let lengths = try operands.type(4)
            guard lengths == TensorType(.int32, [sizes.batch]) else {
                throw .mismatch("the sequence lengths must be int32 \(sizes.batch), one for each item, not \(lengths)")
            }
        }
        try expect(operands, 5, "the initial state", stateDimensions(sizes))
        return sizes
    }

    /// Throws unless an operand, where it is given, has the input's dtype and these extents.
    func expect(
        _ operands: Operands, _ index: Int, _ name: String, _ dimensions: [Int]
    ) throws(InferenceError) {
        guard operands.has(index) else { return }
        let type = try operands.type(index)
        let wanted = TensorType(try operands.type(0).dtype, try checkedShape(dimensions))
        guard type == wanted else { throw .mismatch("\(name) must be \(wanted), not \(type)") }
    }

    /// Of the initial and the last state.
    func stateDimensions(_ sizes: Extents) -> [Int] {
        isBatchMajor
            ? [sizes.batch, sizes.directions, sizes.hidden] : [sizes.directions, sizes.batch, sizes.hidden]
    }

    /// The types of the states after each step and of the last state.
    func resultTypes(_ sizes: Extents, _ dtype: DType) throws(InferenceError) -> (all: TensorType, last: TensorType) {
        let all =
            isBatchMajor
            ? [sizes.batch, sizes.steps, sizes.directions, sizes.hidden]
            : [sizes.steps, sizes.directions, sizes.batch, sizes.hidden]
        return (
            TensorType(dtype, try checkedShape(all)), TensorType(dtype, try checkedShape(stateDimensions(sizes)))
        )
    }

    /// How operands relate to outputs: the first has an axis of steps, the rest are states. Each item and each
    /// direction is a network of its own; all steps and numbers of the state may affect every output.
    func axes(of operands: Operands, outputs: [TensorType]) -> AxisRelations {
        AxisRelations(
            operands,
            outputs: outputs.indices.map { index in
                let steps = index == 0 ? 1 : 0
                let batch = AxisRelation.pointwise(isBatchMajor ? 0 : steps + 1)
                let direction = AxisRelation.pointwise(isBatchMajor ? steps + 1 : steps)
                let weights = [direction, .reduced, .reduced]
                let state = isBatchMajor ? [batch, direction, .reduced] : [direction, batch, .reduced]
                return [
                    isBatchMajor ? [batch, .reduced, .reduced] : [.reduced, batch, .reduced], weights, weights,
                    [direction, .reduced], [batch], state, state, [direction, .reduced],
                ]
            })
    }

    /// Two products for each step and gate, and some ten operations per unit for what a cell does with them.
    func cost(of operands: [TensorType?], outputs: [TensorType], gates: Int) -> Cost {
        let sizes = extents(input: operands[0]!.shape, recurrentWeights: operands[2]!.shape)
        let units = Double(sizes.steps) * Double(sizes.batch) * Double(sizes.directions) * Double(sizes.hidden)
        return Cost(
            flops: units * Double(gates) * (2 * Double(sizes.input + sizes.hidden) + 10),
            bytes: Cost.traffic(operands, outputs))
    }
}

/// A function inside a recurrent cell, with its parameters in ONNX's order.
public struct RecurrentActivation: Hashable, Codable, Sendable {
    /// Raw values are the names in ONNX.
    public enum Function: String, Codable, Sendable, CaseIterable {
        case relu = "Relu"
        case tanh = "Tanh"
        case sigmoid = "Sigmoid"
        /// alpha * x + beta
        case affine = "Affine"
        case leakyRelu = "LeakyRelu"
        case thresholdedRelu = "ThresholdedRelu"
        /// alpha * tanh(beta * x)
        case scaledTanh = "ScaledTanh"
        case hardSigmoid = "HardSigmoid"
        case elu = "Elu"
        case softsign = "Softsign"
        case softplus = "Softplus"
    }

    public var function: Function
    public var alpha: Float
    public var beta: Float

    public init(_ function: Function, alpha: Float = 0, beta: Float = 0) {
        self.function = function
        self.alpha = alpha
        self.beta = beta
    }
}
