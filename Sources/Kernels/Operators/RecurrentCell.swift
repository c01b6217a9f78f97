internal import CKernels
internal import Graphs
internal import Tensors

/// What is inside a recurrent operator: which cell, with which functions, at which sizes.
struct RecurrentCell: Sendable {
    enum Kind: Sendable, Hashable {
        case simple
        case lstm(couplesInputAndForget: Bool)
        case gru(resetsAfterProduct: Bool)
    }

    let kind: Kind
    let recurrence: Recurrence
    let sizes: Recurrence.Extents
    /// As `LSTM.roundsState` says.
    var roundsState = false

    var gateCount: Int {
        switch kind {
        case .simple: RNN.gateCount
        case .lstm: LSTM.gateCount
        case .gru: GRU.gateCount
        }
    }

    /// The functions of one direction, as ONNX orders them: f, then g, then h, as far as the cell has them.
    func functions(direction: Int) -> ArraySlice<RecurrentActivation> {
        let count = recurrence.activations.count / sizes.directions
        return recurrence.activations[direction * count..<(direction + 1) * count]
    }

    /// Whether a direction reads from the end to the beginning.
    func isReversed(_ direction: Int) -> Bool { direction == 1 || recurrence.direction == .reverse }

    /// The operands beyond those that all cells have.
    static let initialCellOperand = 6
    static let peepholeOperand = 7

    func kernel(_ request: KernelRequest) throws -> any Kernel {
        if request.inputTypes[0]!.dtype == .float32 { return try RecurrentKernel(self, request) }
        struct Visitor: FloatingPointVisitor {
            let cell: RecurrentCell
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(DirectRecurrentKernel<Element>(cell: cell))
            }
        }
        return try request.inputTypes[0]!.dtype.acceptFloatingPoint(
            Visitor(cell: self), for: request.operation.name)
    }

    /// The lengths of the sequences, checked.
    ///
    /// - Returns: the lengths [batch], nil where all are whole, and the longest.
    func lengths(_ operands: KernelOperands) throws(KernelError) -> (UnsafePointer<Int32>?, longest: Int) {
        guard let lengths = operands.optionalInput(4, as: Int32.self) else { return (nil, sizes.steps) }
        var longest = 0
        for item in 0..<sizes.batch {
            let length = Int(lengths[item])
            guard length >= 0, length <= sizes.steps else {
                throw KernelError("the sequence length \(length) of item \(item) is outside 0...\(sizes.steps)")
            }
            longest = max(longest, length)
        }
        return (lengths, longest)
    }

    /// Where an item's first and last state lie, in elements.
    func stateOffset(direction: Int, item: Int) -> Int {
        (recurrence.isBatchMajor ? item * sizes.directions + direction : direction * sizes.batch + item) * sizes.hidden
    }

    /// Where an item's state after a step lies in the first result, in elements.
    func stepOffset(time: Int, direction: Int, item: Int) -> Int {
        let row =
            recurrence.isBatchMajor
            ? (item * sizes.steps + time) * sizes.directions + direction
            : (time * sizes.directions + direction) * sizes.batch + item
        return row * sizes.hidden
    }

    /// Where an item's input of a step lies, in elements.
    func inputOffset(time: Int, item: Int) -> Int {
        (recurrence.isBatchMajor ? item * sizes.steps + time : time * sizes.batch + item) * sizes.input
    }
}

extension Recurrence {
    func cell(
        _ kind: RecurrentCell.Kind, roundsState: Bool = false, _ request: KernelRequest
    ) throws -> any Kernel {
        let sizes = extents(input: request.inputTypes[0]!.shape, recurrentWeights: request.inputTypes[2]!.shape)
        return try RecurrentCell(kind: kind, recurrence: self, sizes: sizes, roundsState: roundsState)
            .kernel(request)
    }
}

extension RNN {
    func kernel(_ request: KernelRequest) throws -> any Kernel { try recurrence.cell(.simple, request) }
}

extension LSTM {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        try recurrence.cell(
            .lstm(couplesInputAndForget: couplesInputAndForget), roundsState: roundsState, request)
    }
}

extension GRU {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        try recurrence.cell(.gru(resetsAfterProduct: resetsAfterProduct), request)
    }
}

extension RecurrentActivation {
    /// In float64, as ONNX defines it.
    func evaluation() -> @Sendable (Double) -> Double {
        let alpha = Double(alpha)
        let beta = Double(beta)
        switch function {
        case .affine: return { alpha * $0 + beta }
        case .scaledTanh:
            let tanh = Unary(.tanh).evaluation()!
            return { alpha * tanh(beta * $0) }
        case .relu, .tanh, .sigmoid, .leakyRelu, .thresholdedRelu, .hardSigmoid, .elu, .softsign, .softplus:
            return unary!.evaluation()!
        }
    }

    /// As CKernels knows it.
    var vectorised: mpk_cell_function {
        let code: Int32
        switch function {
        case .affine: code = Int32(MPK_SCALE_SHIFT)
        case .scaledTanh: code = Int32(MPK_SCALED_TANH)
        case .relu, .tanh, .sigmoid, .leakyRelu, .thresholdedRelu, .hardSigmoid, .elu, .softsign, .softplus:
            code = VectorisedFunction(unary!)!.code
        }
        return mpk_cell_function(code: code, alpha: alpha, beta: beta)
    }

    /// nil for the two functions that exist in recurrent cells only.
    private var unary: Unary? {
        let function: UnaryFunction
        switch self.function {
        case .affine, .scaledTanh: return nil
        case .relu: function = .relu
        case .tanh: function = .tanh
        case .sigmoid: function = .sigmoid
        case .leakyRelu: function = .leakyRelu
        case .thresholdedRelu: function = .thresholdedRelu
        case .hardSigmoid: function = .hardSigmoid
        case .elu: function = .elu
        case .softsign: function = .softsign
        case .softplus: function = .softplus
        }
        return Unary(function, alpha: alpha, beta: beta)
    }
}
