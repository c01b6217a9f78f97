internal import Graphs
internal import Tensors

/// Attention in the forms of ONNX Runtime's own domain, which its optimiser writes: biases, masks of several shapes and
/// packed operands around the attention of the standard.
extension ONNXOperator {
    static let contributedAttention: [String: ONNXOperator] = [
        "Attention": ONNXOperator([1], inputs: 2...7, outputs: 1...2) { node, assembly throws(ConversionError) in
            try projectedAttention(node, &assembly)
        },
        "MultiHeadAttention": ONNXOperator([1], inputs: 1...10, outputs: 1...4) {
            node, assembly throws(ConversionError) in
            try multiHeadAttention(node, &assembly)
        },
        "GroupQueryAttention": ONNXOperator([1], inputs: 7...16, outputs: 1...4) {
            node, assembly throws(ConversionError) in
            try groupQueryAttention(node, &assembly)
        },
        "RotaryEmbedding": ONNXOperator([1], inputs: 4) { node, assembly throws(ConversionError) in
            try rotaryEmbedding(node, &assembly)
        },
    ]

    /// What all kinds say of their heads, their scale and their mask.
    private static func attributes(_ node: ONNXNode) throws(ConversionError) -> Attention {
        let heads = try node.requiredInt("num_heads")
        guard heads > 0 else { throw .malformed("num_heads is \(heads)") }
        var attributes = Attention(queryHeads: heads, keyHeads: heads)
        attributes.scale = try scale(node)
        attributes.isCausal = try node.flag("unidirectional")
        return attributes
    }

    /// nil, and 0 in files, is 1 / sqrt(headDim).
    static func scale(_ node: ONNXNode) throws(ConversionError) -> Float? {
        let scale = try node.float("scale", default: 0)
        return scale == 0 ? nil : scale
    }

    /// Attention over projections of one operand. Operands: x, weights of Q, K and V side by side, their bias, a mask, past
    /// keys and values [2, batch, heads, past, headDim], numbers that are added to the scores.
    private static func projectedAttention(
        _ node: ONNXNode, _ assembly: inout GraphAssembly
    ) throws(ConversionError) {
        let attributes = try attributes(node)
        guard try !node.flag("do_rotary"), try !node.flag("past_present_share_buffer"), node.input(6) == nil else {
            throw .inexpressible("with do_rotary or past_present_share_buffer")
        }
        // Has a meaning only together with do_rotary.
        node.ignore("rotary_embedding_dim")
        let input = try node.requiredInput(0)
        var joined = assembly.emit(
            node, "projection", .matrixProduct(MatrixProduct()), [input, try node.requiredInput(1)])
        if let bias = node.input(2) { joined = assembly.computed(node, "biased", .add, joined, bias) }
        let sizes = try node.ints("qkv_hidden_sizes").map { assembly.addConstant(node, "sizes", $0) }
        let parts = ["q", "k", "v"].map { assembly.graph.addValue(named: "\(node.name)/\($0)") }
        assembly.add(
            assembly.uniqueName("\(node.name)/split"), .split(Split(axis: 2, parts: 3)),
            sizes == nil ? [joined] : [joined, sizes], outputs: parts)
        var operands: [ValueID?] = parts.map { $0 } + [nil, nil, nil]
        var keys = assembly.extent(node, "keys", of: input, axis: 1)
        if let past = node.input(4) {
            operands[4] = assembly.taken(node, "pastKeys", past, index: 0, axis: 0)
            operands[5] = assembly.taken(node, "pastValues", past, index: 1, axis: 0)
            keys = assembly.computed(
                node, "allKeys", .add, keys, assembly.extent(node, "past", of: past, axis: 3))
        }
        operands[3] = try mask(
            node, &assembly, mask: 3, bias: 5, batch: assembly.extent(node, "batch", of: input, axis: 0), keys: keys,
            dtype: assembly.dtype(input))
        guard node.hasOutput(1) else {
            return finishAttention(node, &assembly, attributes, operands, outputs: [node.outputs[0]])
        }
        let present = ["presentKeys", "presentValues"].map { assembly.graph.addValue(named: "\(node.name)/\($0)") }
        assembly.add(
            assembly.uniqueName("\(node.name)/attention"), .attention(attributes), trimmed(operands),
            outputs: [node.outputs[0]] + present)
        let pair = present.enumerated().map { index, value in
            assembly.unsqueezed(node, "present\(index)", value, [0])
        }
        assembly.add(node.name, .concatenation(Concatenation(axis: 0)), pair, outputs: [node.outputs[1]])
    }

    private static func trimmed(_ operands: [ValueID?]) -> [ValueID?] {
        Array(operands[..<((operands.lastIndex { $0 != nil } ?? -1) + 1)])
    }

    private static func finishAttention(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ attributes: Attention, _ operands: [ValueID?],
        outputs: [ValueID?]
    ) {
        assembly.add(node.name, .attention(attributes), trimmed(operands), outputs: trimmed(outputs))
    }

    /// Numbers that are added to the scores [batch, heads, queries, keys]: those that an operand holds, and
    /// mask_filter_value where a mask hides a key. nil where there is neither.
    ///
    /// The mask is int32: [batch, keys] or [batch, queries, keys], 0 for what is hidden; or [batch], how many keys count;
    /// or [2 * batch], where the keys that count end and, behind all of these, where they begin.
    private static func mask(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, mask: Int, bias: Int, batch: ValueID, keys: ValueID,
        dtype: DType
    ) throws(ConversionError) -> ValueID? {
        let hiding = try node.float("mask_filter_value", default: -10000)
        guard let mask = node.input(mask) else { return node.input(bias) }
        guard let rank = assembly.rank(of: mask) else {
            throw .inexpressible("with a mask of unknown rank")
        }
        var isSeen: ValueID
        switch rank {
        case 1:
            let places = assembly.counted(node, "places", upTo: keys)
            let limits = assembly.cast(node, "limits", mask, to: .int64)
            let zero = assembly.addConstant(node, "zero", [0])
            let ends = assembly.sliced(node, "ends", limits, from: zero, to: batch, axis: 0)
            // Where there are no beginnings, zeros come behind the ends.
            let zeros = assembly.emit(
                node, "zeros", .constantOfShape(ConstantOfShape()),
                [batch, assembly.addConstant(node, "none", Tensor(scalar: Int64(0)))])
            let padded = assembly.emit(node, "padded", .concatenation(Concatenation(axis: 0)), [limits, zeros])
            let two = assembly.addConstant(node, "two", [2])
            let twice = assembly.computed(node, "twice", .multiply, batch, two)
            let starts = assembly.sliced(node, "starts", padded, from: batch, to: twice, axis: 0)
            let isBefore = assembly.emit(
                node, "isBefore", .comparison(Comparison(.less)),
                [places, assembly.unsqueezed(node, "endsByRow", ends, [1])])
            let isBehind = assembly.emit(
                node, "isBehind", .comparison(Comparison(.greaterOrEqual)),
                [places, assembly.unsqueezed(node, "startsByRow", starts, [1])])
            isSeen = assembly.computed(node, "isSeen", .and, isBefore, isBehind)
            isSeen = assembly.unsqueezed(node, "seen", isSeen, [1, 2])
        case 2, 3:
            let zero = assembly.addScalar(node, "zero", 0, dtype: try assembly.dtype(mask))
            isSeen = assembly.emit(node, "isSeen", .comparison(Comparison(.greater)), [mask, zero])
            isSeen = assembly.unsqueezed(node, "seen", isSeen, rank == 2 ? [1, 2] : [1])
        default: throw .inexpressible("with a mask of \(rank) axes")
        }
        let shown = assembly.addScalar(node, "shown", 0, dtype: dtype)
        let hidden = assembly.addScalar(node, "hidden", Double(hiding), dtype: dtype)
        let added = assembly.emit(node, "mask", .choice(Choice()), [isSeen, shown, hidden])
        guard let bias = node.input(bias) else { return added }
        return assembly.computed(node, "maskAndBias", .add, added, bias)
    }

    /// Operands: Q, K, V, the bias of all three, a mask, numbers that are added to the scores, past keys and values. Q may
    /// hold all three [batch, sequence, heads, 3, headDim], K both others [batch, sequence, heads, 2, headDim], and K
    /// and V may be those of another sequence, with their heads first.
    private static func multiHeadAttention(
        _ node: ONNXNode, _ assembly: inout GraphAssembly
    ) throws(ConversionError) {
        var attributes = try attributes(node)
        let heads = attributes.queryHeads!
        guard node.input(8) == nil, node.input(9) == nil else {
            throw .inexpressible("with a shared cache")
        }
        var query = try node.requiredInput(0)
        var (key, value) = (node.input(1), node.input(2))
        func unpacked(_ packed: ValueID, _ names: [String]) -> [ValueID] {
            let parts = names.map { assembly.graph.addValue(named: "\(node.name)/\($0)/packed") }
            assembly.add(
                assembly.uniqueName("\(node.name)/split\(names.count)"), .split(Split(axis: 3, parts: names.count)),
                [packed], outputs: parts)
            return zip(names, parts).map { assembly.reshaped(node, $0, $1, [0, 0, -1]) }
        }
        if key == nil {
            let parts = unpacked(query, ["q", "k", "v"])
            (query, key, value) = (parts[0], parts[1], parts[2])
        } else if value == nil {
            let parts = unpacked(key!, ["k", "v"])
            (key, value) = (parts[0], parts[1])
        }
        guard var key, var value else { throw .malformed("K or V is missing") }
        let haveHeadsFirst = assembly.ranks[key] == 4
        let (batch, dtype) = (assembly.extent(node, "batch", of: query, axis: 0), try assembly.dtype(query))
        if let bias = node.input(3) {
            let zero = assembly.addConstant(node, "biasStart", [0])
            let middle = assembly.extent(node, "queryWidth", of: query, axis: 2)
            let queryBias = assembly.sliced(node, "queryBias", bias, from: zero, to: middle, axis: 0)
            query = assembly.computed(node, "biasedQuery", .add, query, queryBias)
            if !haveHeadsFirst {
                let two = assembly.addConstant(node, "two/bias", [2])
                let later = assembly.computed(node, "keyEnd", .multiply, middle, two)
                let end = assembly.addConstant(node, "biasEnd", [Int(Int32.max)])
                let keyBias = assembly.sliced(node, "keyBias", bias, from: middle, to: later, axis: 0)
                let valueBias = assembly.sliced(node, "valueBias", bias, from: later, to: end, axis: 0)
                key = assembly.computed(node, "biasedKey", .add, key, keyBias)
                value = assembly.computed(node, "biasedValue", .add, value, valueBias)
            }
        }
        var keys = assembly.extent(node, "keys", of: key, axis: haveHeadsFirst ? 2 : 1)
        if let past = node.input(6) {
            keys = assembly.computed(node, "allKeys", .add, keys, assembly.extent(node, "past", of: past, axis: 2))
        }
        let mask = try mask(node, &assembly, mask: 4, bias: 5, batch: batch, keys: keys, dtype: dtype)
        if node.hasOutput(3) { attributes.scores = .probabilities }
        let rest = [mask, node.input(6), node.input(7)]
        guard haveHeadsFirst else {
            return finishAttention(
                node, &assembly, attributes, [query, key, value] + rest, outputs: node.outputs)
        }
        query = assembly.reshaped(node, "heads", query, [0, 0, heads, -1])
        attributes.queryLayout = .sequenceFirst
        attributes.outputLayout = .sequenceFirst
        let result = assembly.graph.addValue(named: "\(node.name)/result")
        assembly.add(
            assembly.uniqueName("\(node.name)/attention"), .attention(attributes), trimmed([query, key, value] + rest),
            outputs: trimmed([result] + node.outputs.dropFirst()))
        let shape = assembly.addConstant(node, "shape", [0, 0, -1])
        assembly.add(node.name, .reshape(Reshape()), [result, shape], outputs: [node.outputs[0]])
    }

    /// Operands: x [batch, heads, sequence, headDim] or [batch, sequence, heads * headDim], positions, cosines and sines.
    private static func rotaryEmbedding(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        guard try !node.flag("is_packed_batching"), try node.float("scale", default: 1) == 1 else {
            throw .inexpressible("with is_packed_batching or a scale")
        }
        let rotated = try node.int("rotary_embedding_dim") ?? 0
        let heads = try node.int("num_heads") ?? 0
        guard rotated >= 0, heads >= 0 else { throw .malformed("rotary_embedding_dim or num_heads is negative") }
        var attributes = RotaryEmbedding(
            isInterleaved: try node.flag("interleaved"), rotated: rotated == 0 ? nil : rotated,
            heads: heads == 0 ? nil : heads)
        var input = try node.requiredInput(0)
        guard let rank = assembly.ranks[input] ?? (heads > 0 ? 3 : nil) else {
            throw .inexpressible("without num_heads on an operand of unknown rank")
        }
        var positions = try node.requiredInput(1)
        guard let positionRank = assembly.rank(of: positions) else {
            throw .inexpressible("with positions of unknown rank")
        }
        if positionRank == 1 {
            // The position of the first element, of all batch entries.
            let batch = assembly.extent(node, "batch", of: input, axis: 0)
            let sequence = assembly.extent(node, "sequence", of: input, axis: rank == 4 ? 2 : 1)
            let steps = assembly.counted(node, "steps", upTo: sequence)
            positions = assembly.computed(node, "places", .add, steps, positions)
            let shape = assembly.emit(node, "shape", .concatenation(Concatenation(axis: 0)), [batch, sequence])
            positions = assembly.emit(node, "positions", .expand(Expand()), [positions, shape])
        }
        let angles = [positions, try node.requiredInput(2), try node.requiredInput(3)]
        guard rank == 3, heads == 0 else {
            return assembly.finish(
                node, .rotaryEmbedding(attributes), [input, angles[1], angles[2], angles[0]])
        }
        // Heads are twice as wide as the table of cosines.
        guard let half = assembly.type(ofConstant: angles[1])?.shape.dimensions.last else {
            throw .inexpressible("without num_heads and with cosines that are no constant")
        }
        input = assembly.reshaped(node, "heads", input, [0, 0, -1, 2 * half])
        input = assembly.transposed(node, "first", input, [0, 2, 1, 3])
        attributes.heads = nil
        let turned = assembly.emit(
            node, "turned", .rotaryEmbedding(attributes), [input, angles[1], angles[2], angles[0]])
        let back = assembly.transposed(node, "back", turned, [0, 2, 1, 3])
        let shape = assembly.addConstant(node, "flat", [0, 0, -1])
        assembly.finish(node, .reshape(Reshape()), [back, shape])
    }
}
