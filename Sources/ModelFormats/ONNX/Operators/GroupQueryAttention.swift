internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Attention whose query heads share heads of keys and values, with a cache and rotation inside.
    ///
    /// Operands: Q [batch, sequence, heads * headDim], which holds K and V too where these are left out, K, V, past keys and
    /// values [batch, keyHeads, capacity, headDim], how many keys of each batch entry count, less 1 (int32 [batch]), the
    /// greatest of these (int32), cosines and sines, positions, numbers that are added to the scores, and a score for each
    /// head that takes part in the soft maximum and belongs to no key.
    static func groupQueryAttention(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let heads = try node.requiredInt("num_heads")
        let keyHeads = try node.requiredInt("kv_num_heads")
        guard heads > 0, keyHeads > 0 else { throw .malformed("num_heads is \(heads), kv_num_heads \(keyHeads)") }
        try refuseWhatIsMissing(node)
        var attributes = Attention(queryHeads: heads, keyHeads: keyHeads, scale: try scale(node))
        attributes.softcap = try node.float("softcap", default: 0)
        attributes.isCausal = try node.flag("causal", default: true)
        attributes.outputLayout = .sequenceFirst
        attributes.queryLayout = .sequenceFirst
        let window = try node.int("local_window_size") ?? -1
        if window > 0 { attributes.leftWindow = window - 1 }
        guard window == -1 || window > 0 else { throw .malformed("local_window_size is \(window)") }

        var (query, key, value) = try projections(node, &assembly, heads: heads, keyHeads: keyHeads)
        let sequence = assembly.extent(node, "sequence", of: query, axis: 1)
        // How many keys there are before those of this call, for each batch entry; none while a prompt is read.
        let lengths = assembly.cast(node, "lengths", try node.requiredInput(5), to: .int64)
        let flat = assembly.reshaped(node, "lengths/flat", lengths, [-1])
        let one = assembly.addConstant(node, "one", [1])
        let before = assembly.computed(
            node, "before", .subtract, assembly.computed(node, "totals", .add, flat, one), sequence)
        let starts = assembly.computed(node, "starts", .maximum, before, assembly.addConstant(node, "none", [0]))

        if try node.flag("do_rotary") {
            var rotary = RotaryEmbedding(isInterleaved: try node.flag("rotary_interleaved"), heads: heads)
            let steps = assembly.counted(node, "steps", upTo: sequence)
            let positions =
                node.input(9)
                ?? assembly.computed(
                    node, "positions", .add, assembly.unsqueezed(node, "startsByRow", starts, [1]), steps)
            guard let cosines = node.input(7), let sines = node.input(8) else {
                throw .malformed("do_rotary is 1, and there are no cosines and sines")
            }
            if let half = assembly.type(ofConstant: cosines)?.shape.dimensions.last { rotary.rotated = 2 * half }
            query = assembly.emit(
                node, "turnedQuery", .rotaryEmbedding(rotary), [query, cosines, sines, positions])
            rotary.heads = keyHeads
            key = assembly.emit(node, "turnedKey", .rotaryEmbedding(rotary), [key, cosines, sines, positions])
        } else {
            node.ignore("rotary_interleaved")
        }
        query = assembly.reshaped(node, "queryHeads", query, [0, 0, heads, -1])
        var caches: [ValueID] = []
        for (index, new) in [key, value].enumerated() {
            let split = assembly.reshaped(node, "new\(index)/heads", new, [0, 0, keyHeads, -1])
            let entry = assembly.transposed(node, "new\(index)", split, [0, 2, 1, 3])
            caches.append(
                try cache(node, &assembly, index: index, entry: entry, starts: starts, output: 1 + index))
        }
        let counts = assembly.computed(node, "counts", .add, starts, sequence)
        let mask = node.input(10)
        let sees = try withSink(node, &assembly, &attributes, caches: &caches, counts: counts, mask: mask)
        let result = assembly.emit(
            node, "attention", .attention(attributes),
            [query, caches[0], caches[1], sees.mask, nil, nil, sees.counts])
        let shape = assembly.addConstant(node, "flat", [0, 0, -1])
        assembly.add(node.name, .reshape(Reshape()), [result, shape], outputs: [node.outputs[0]])
    }

    private static func refuseWhatIsMissing(_ node: ONNXNode) throws(ConversionError) {
        for name in ["k_quant_type", "v_quant_type"] {
            guard try node.string(name) ?? "NONE" == "NONE" else { throw .inexpressible("with a quantised cache") }
        }
        node.ignore("kv_cache_bit_width", "qk_norm_epsilon")
        guard try !node.flag("sliding_window_cache") else { throw .inexpressible("with sliding_window_cache") }
        guard try node.int("qk_output") ?? 0 == 0, !node.hasOutput(3) else { throw .inexpressible("with qk_output") }
        for index in 12...15 where node.input(index) != nil {
            throw .inexpressible(index < 14 ? "with a quantised cache" : "with norms of Q and K inside")
        }
    }

    /// Q, K and V, each [batch, sequence, heads * headDim].
    private static func projections(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, heads: Int, keyHeads: Int
    ) throws(ConversionError) -> (ValueID, ValueID, ValueID) {
        let query = try node.requiredInput(0)
        if let key = node.input(1), let value = node.input(2) { return (query, key, value) }
        guard node.input(1) == nil, node.input(2) == nil else { throw .malformed("K or V is missing") }
        let split = assembly.reshaped(node, "packed", query, [0, 0, heads + 2 * keyHeads, -1])
        let sizes = assembly.addConstant(node, "sizes", [heads, keyHeads, keyHeads])
        let parts = ["q", "k", "v"].map { assembly.graph.addValue(named: "\(node.name)/\($0)/heads") }
        assembly.add(
            assembly.uniqueName("\(node.name)/split"), .split(Split(axis: 2, parts: 3)), [split, sizes], outputs: parts)
        let flat = zip(["q", "k", "v"], parts).map { assembly.reshaped(node, $0, $1, [0, 0, -1]) }
        return (flat[0], flat[1], flat[2])
    }

    /// The keys or values of all positions [batch, keyHeads, capacity, headDim]: the past ones, with room for as many as
    /// there are in all, and those of this call written behind them.
    private static func cache(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, index: Int, entry: ValueID, starts: ValueID, output: Int
    ) throws(ConversionError) -> ValueID {
        let result =
            node.hasOutput(output)
            ? node.outputs[output]!
            : assembly.graph.addValue(
                named: "\(node.name)/cache\(index)")
        guard let past = node.input(3 + index) else {
            assembly.add(
                assembly.uniqueName("\(node.name)/cache\(index)"), .identity(Identity()), [entry], outputs: [result])
            return result
        }
        let capacity = assembly.extent(node, "capacity\(index)", of: past, axis: 2)
        let total = assembly.reshaped(
            node, "total\(index)", assembly.cast(node, "total\(index)/wide", try node.requiredInput(6), to: .int64), [1]
        )
        let zero = assembly.addConstant(node, "room\(index)/least", [0])
        let room = assembly.computed(
            node, "room\(index)", .maximum, assembly.computed(node, "room\(index)/wanted", .subtract, total, capacity),
            zero)
        let none = assembly.addConstant(node, "room\(index)/none", [0, 0, 0, 0, 0, 0])
        let pads = assembly.emit(
            node, "pads\(index)", .concatenation(Concatenation(axis: 0)), [none, room, zero])
        let padded = assembly.emit(node, "padded\(index)", .pad(Pad(mode: .constant)), [past, pads])
        assembly.add(
            assembly.uniqueName("\(node.name)/cache\(index)"), .cacheUpdate(CacheUpdate(axis: 2, wraps: false)),
            [padded, entry, starts], outputs: [result])
        return result
    }

    /// A score that belongs to no key is that of a key of zeros, in front of all others, whose value is zeros too.
    private static func withSink(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ attributes: inout Attention, caches: inout [ValueID],
        counts: ValueID, mask: ValueID?
    ) throws(ConversionError) -> (mask: ValueID?, counts: ValueID) {
        let sink = node.input(11)
        let isSmooth = try node.int("smooth_softmax") ?? 0 == 1
        guard isSmooth || sink != nil else { return (mask, counts) }
        guard attributes.leftWindow == nil, attributes.softcap == 0 || sink == nil else {
            throw .inexpressible("with a score of no key together with local_window_size or softcap")
        }
        let pads = assembly.addConstant(node, "sink/pads", [0, 0, 1, 0, 0, 0, 0, 0])
        caches = caches.enumerated().map { index, cache in
            assembly.emit(node, "sink/cache\(index)", .pad(Pad(mode: .constant)), [cache, pads])
        }
        let one = assembly.addConstant(node, "sink/one", [1])
        let moved = assembly.computed(node, "sink/counts", .add, counts, one)
        guard mask != nil || sink != nil else { return (nil, moved) }
        let widening = assembly.addConstant(node, "sink/widening", [0, 0, 0, 1, 0, 0, 0, 0])
        var added: ValueID?
        if let mask {
            added = assembly.emit(node, "sink/mask", .pad(Pad(mode: .constant)), [mask, widening])
        }
        guard let sink else { return (added, moved) }
        // [1, heads, 1, 1], and zeros for the keys behind it.
        let scores = assembly.reshaped(node, "sink/scores", sink, [1, -1, 1, 1])
        let keys = assembly.extent(node, "sink/keys", of: caches[0], axis: 2)
        let behind = assembly.computed(node, "sink/behind", .subtract, keys, one)
        let zeros = assembly.addConstant(node, "sink/zeros", [0, 0, 0, 0, 0, 0, 0])
        let row = assembly.emit(node, "sink/row", .concatenation(Concatenation(axis: 0)), [zeros, behind])
        let bias = assembly.emit(node, "sink/bias", .pad(Pad(mode: .constant)), [scores, row])
        return (added.map { assembly.computed(node, "sink/all", .add, $0, bias) } ?? bias, moved)
    }
}
