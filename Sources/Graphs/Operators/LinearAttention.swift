public import Tensors

/// Attention by a state of fixed size in place of scores: for each position t of a key head the state S
/// [keyDim, valueDim] is S = exp(g) S + k (x) u, and what its query heads read is scale * q S. What is written, u, is
/// v, or with a correction beta * (v - k S), where S is the decayed state.
///
/// Operands: queries [batch, sequence, queryHeads * keyDim], keys [batch, sequence, keyHeads * keyDim], values
/// [batch, sequence, keyHeads * valueDim], the state before (operand 3, [batch, keyHeads, keyDim, valueDim]; zeros when
/// left out), g (operand 4, [batch, sequence, keyHeads or keyHeads * keyDim]) and beta (operand 5,
/// [batch, sequence, keyHeads or 1]). Outputs: what is read [batch, sequence, queryHeads * valueDim], the state after
/// the last position. Formula: the operator LinearAttention of ONNX opset 27.
public struct LinearAttention: OperatorAttributes {
    public var queryHeads: Int
    public var keyHeads: Int
    /// nil for 1 / sqrt(keyDim).
    public var scale: Float?
    /// Whether the state decays: operand 4 is given.
    public var decays: Bool
    /// Whether only the difference between a value and what the state already has is written: operand 5 is given.
    public var corrects: Bool

    public init(queryHeads: Int, keyHeads: Int, scale: Float? = nil, decays: Bool, corrects: Bool) {
        self.queryHeads = queryHeads
        self.keyHeads = keyHeads
        self.scale = scale
        self.decays = decays
        self.corrects = corrects
    }

    public struct Extents: Hashable, Sendable {
        public var batch: Int
        public var sequence: Int
        public var keyDim: Int
        public var valueDim: Int
        /// Whether g has a number for each of a head's keyDim rows, and not one for all.
        public var decaysByRow: Bool
        /// Whether beta has a number for each head, and not one for all.
        public var correctsByHead: Bool
    }

    public var operatorName: String { "LinearAttention" }

    public func extents(of operands: Operands) throws(InferenceError) -> Extents {
        let (query, key, value) = (try operands.type(0), try operands.type(1), try operands.type(2))
        guard queryHeads > 0, keyHeads > 0, queryHeads % keyHeads == 0 else {
            throw .mismatch("\(queryHeads) query heads are no multiple of \(keyHeads) key heads")
        }
        guard query.dtype.isFloatingPoint, query.dtype != .float64, key.dtype == query.dtype,
            value.dtype == query.dtype
        else {
            throw .mismatch("queries, keys and values must be of one dtype of at most 32 bits, in floating point")
        }
        let shapes = [query.shape, key.shape, value.shape]
        guard shapes.allSatisfy({ $0.rank == 3 }) else {
            throw .mismatch("queries \(shapes[0]), keys \(shapes[1]) and values \(shapes[2]) must have 3 axes")
        }
        let (batch, sequence) = (shapes[0][0], shapes[0][1])
        guard shapes.allSatisfy({ $0[0] == batch && $0[1] == sequence }), shapes[0][2] % queryHeads == 0,
            shapes[2][2] % keyHeads == 0
        else {
            throw .mismatch(
                "queries \(shapes[0]), keys \(shapes[1]) and values \(shapes[2]) do not go together for \(queryHeads) "
                    + "and \(keyHeads) heads")
        }
        let (keyDim, valueDim) = (shapes[0][2] / queryHeads, shapes[2][2] / keyHeads)
        guard shapes[1][2] == keyHeads * keyDim else {
            throw .mismatch("keys \(shapes[1]) must be [\(batch), \(sequence), \(keyHeads * keyDim)]")
        }
        if operands.has(3) {
            let state = try operands.type(3)
            guard state.shape.dimensions == [batch, keyHeads, keyDim, valueDim], state.dtype.isFloatingPoint,
                state.dtype != .float64
            else {
                throw .mismatch("the state must be [\(batch), \(keyHeads), \(keyDim), \(valueDim)], not \(state)")
            }
        }
        guard operands.has(4) == decays, operands.has(5) == corrects else {
            throw .mismatch(
                "this rule \(decays ? "needs" : "takes no") decay, and \(corrects ? "needs" : "takes no") beta")
        }
        func last(_ index: Int, _ name: String, _ allowed: [Int]) throws(InferenceError) -> Int {
            let type = try operands.type(index)
            guard type.dtype == query.dtype, type.shape.rank == 3, type.shape[0] == batch, type.shape[1] == sequence,
                allowed.contains(type.shape[2])
            else {
                throw .mismatch(
                    "\(name) must be \(query.dtype) [\(batch), \(sequence), \(allowed[0]) or \(allowed[1])], not \(type)"
                )
            }
            return type.shape[2]
        }
        let decay = decays ? try last(4, "decay", [keyHeads, keyHeads * keyDim]) : keyHeads
        let beta = corrects ? try last(5, "beta", [keyHeads, 1]) : keyHeads
        return Extents(
            batch: batch, sequence: sequence, keyDim: keyDim, valueDim: valueDim, decaysByRow: decay != keyHeads,
            correctsByHead: beta == keyHeads)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let extents = try extents(of: operands)
        let dtype = try operands.type(0).dtype
        return [
            TensorType(
                dtype,
                try checkedShape([extents.batch, extents.sequence, try product(queryHeads, extents.valueDim)])),
            TensorType(
                operands.has(3) ? try operands.type(3).dtype : dtype,
                try checkedShape([extents.batch, keyHeads, extents.keyDim, extents.valueDim])),
        ]
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        guard let sequence = operands.first??.shape[1] else { return .zero }
        let perHead = Double(outputs[1].shape.elementCount) * Double(sequence)
        let writing = (decays ? 1.0 : 0) + (corrects ? 4 : 2)
        return Cost(
            flops: perHead * (writing + 2 * Double(queryHeads) / Double(keyHeads)),
            bytes: Cost.traffic(operands, outputs))
    }
}
