public import Tensors

extension Attention {
    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let relations = AttentionAxes(
            attention: self, extents: try extents(of: operands), operands: operands,
            isFlat: outputs[0].shape.rank == 3)
        return AxisRelations(
            operands,
            [
                relations.query(.attended), relations.key(.attended), relations.value, relations.mask(.attended),
                relations.past(.attended, depth: .reduced), relations.past(.attended, depth: relations.valueDepth),
                [.pointwise(0)],
            ],
            [nil, relations.present(1, keyLayout, extent: \.headDim), nil, nil, .pointwise(rank: 4), nil, nil],
            [nil, nil, relations.present(2, valueLayout, extent: \.valueDim), nil, nil, .pointwise(rank: 4), nil],
            [
                relations.query(.scores), relations.key(.scores), nil, relations.mask(.scores),
                relations.past(.scores, depth: .reduced), nil, [.pointwise(0)],
            ])
    }
}

/// What the results of an attention read of its operands.
private struct AttentionAxes {
    enum Result { case attended, scores }

    let attention: Attention
    let extents: Attention.Extents
    let operands: Operands
    /// Whether Q, K, V and Y are [batch, sequence, heads * numbers].
    let isFlat: Bool

    private var isHeadFirst: Bool { attention.outputLayout == .headsFirst }
    /// The number of query heads that share one key head.
    private var share: Int { extents.queryHeads / max(extents.keyHeads, 1) }

    /// - Parameters:
    ///   - share: how many of the result's heads read one of the operand's.
    ///   - width: how many numbers a head has along the operand's axis.
    private func heads(_ result: Result, share: Int, width: Int) -> AxisRelation {
        let (axis, perHead) =
            switch result {
            case .attended: isFlat ? (2, extents.valueDim) : (isHeadFirst ? 1 : 2, 1)
            case .scores: (1, 1)
            }
        return .window(of: axis, AxisWindow(divisor: perHead * share, block: width))
    }

    private func queries(_ result: Result) -> AxisRelation {
        .pointwise(result == .attended && (isFlat || !isHeadFirst) ? 1 : 2)
    }

    /// - Parameter past: how many of the keys come before those of the operand.
    private func keys(_ result: Result, past: Int) -> AxisRelation {
        result == .attended || attention.scores == .probabilities
            ? .reduced : .window(of: 3, .shifted(by: -past))
    }

    /// The relations of Q, K or V in its layout.
    private func lay(
        _ index: Int, _ layout: Attention.Layout, heads: AxisRelation, sequence: AxisRelation, depth: AxisRelation
    ) -> [AxisRelation]? {
        operands.relations(index) { shape in
            let batch = shape[0] == extents.batch ? AxisRelation.pointwise(0) : .stretched
            if isFlat { return [batch, sequence, heads] }
            return layout == .headsFirst ? [batch, heads, sequence, depth] : [batch, sequence, heads, depth]
        }
    }

    func query(_ result: Result) -> [AxisRelation]? {
        let heads = heads(result, share: 1, width: isFlat ? extents.headDim : 1)
        return lay(0, attention.queryLayout, heads: heads, sequence: queries(result), depth: .reduced)
    }

    func key(_ result: Result) -> [AxisRelation]? {
        let heads = heads(result, share: share, width: isFlat ? extents.headDim : 1)
        return lay(
            1, attention.keyLayout, heads: heads, sequence: keys(result, past: extents.past), depth: .reduced)
    }

    /// Of Y.
    var value: [AxisRelation]? {
        // Each number of a value is read by the number at the same place of each of its query heads.
        let heads =
            isFlat && share == 1
            ? AxisRelation.pointwise(2) : heads(.attended, share: share, width: isFlat ? extents.valueDim : 1)
        return lay(2, attention.valueLayout, heads: heads, sequence: .reduced, depth: .pointwise(3))
    }

    /// What Y reads along the numbers of past values.
    var valueDepth: AxisRelation { isFlat ? .window(of: 2, AxisWindow(outside: .wrapped)) : .pointwise(3) }

    func past(_ result: Result, depth: AxisRelation) -> [AxisRelation] {
        [.pointwise(0), heads(result, share: share, width: 1), keys(result, past: 0), depth]
    }

    func mask(_ result: Result) -> [AxisRelation]? {
        if result == .scores, attention.scores == .products || attention.scores == .capped { return nil }
        return operands.relations(3) { shape in
            let full = [
                .pointwise(0), heads(result, share: 1, width: 1), queries(result), keys(result, past: 0),
            ]
            return zip(full.suffix(shape.rank), shape.dimensions).map { $1 == 1 ? .stretched : $0 }
        }
    }

    /// What all keys, or all values, [batch, heads, sequence, numbers], read of the new ones.
    func present(
        _ index: Int, _ layout: Attention.Layout, extent: KeyPath<Attention.Extents, Int>
    ) -> [AxisRelation]? {
        lay(
            index, layout, heads: .window(of: 1, AxisWindow(block: isFlat ? extents[keyPath: extent] : 1)),
            sequence: .window(of: 2, .shifted(by: -extents.past)), depth: .pointwise(3))
    }
}
