public import Tensors

extension LinearAttention {
    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let extents = try extents(of: operands)
        let (keyDim, valueDim) = (extents.keyDim, extents.valueDim)
        // Query heads lie along the last axis of what is read; heads of the state have an axis of their own.
        let share = queryHeads / keyHeads
        let shared = { (width: Int) in
            AxisRelation.window(of: 2, AxisWindow(divisor: valueDim * share, block: width))
        }
        let own = { (width: Int) in AxisRelation.window(of: 1, AxisWindow(block: width)) }
        func written(_ sequence: AxisRelation, _ head: (Int) -> AxisRelation) -> [[AxisRelation]] {
            [
                [.pointwise(0), sequence, head(keyDim)], [.pointwise(0), sequence, head(valueDim)],
            ]
        }
        func rates(_ sequence: AxisRelation, _ head: (Int) -> AxisRelation) -> [[AxisRelation]] {
            [
                [.pointwise(0), sequence, head(extents.decaysByRow ? keyDim : 1)],
                [.pointwise(0), sequence, extents.correctsByHead ? head(1) : .stretched],
            ]
        }
        // What is read at a position depends on those up to it.
        let before = AxisRelation.window(of: 1, .upTo(extent: extents.sequence))
        let queries = [
            .pointwise(0), .pointwise(1), AxisRelation.window(of: 2, AxisWindow(divisor: valueDim, block: keyDim)),
        ]
        let column = AxisRelation.window(of: 2, AxisWindow(outside: .wrapped))
        return AxisRelations(
            operands,
            [queries] + written(before, shared) + [[.pointwise(0), shared(1), .reduced, column]]
                + rates(before, shared),
            [nil] + written(.reduced, own)
                + [[.pointwise(0), .pointwise(1), corrects ? .reduced : .pointwise(2), .pointwise(3)]]
                + rates(.reduced, own))
    }
}
