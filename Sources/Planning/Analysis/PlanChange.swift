/// A plan like another one except for one thing.
public struct PlanChange: Sendable, Hashable {
    /// What to do, as in "move block 'conv7' from stage 2 to stage 3".
    public let description: String
    public let placement: Placement

    /// All plans that differ by one block at one cut.
    ///
    /// - Parameter stage: that the block is taken from; nil for any.
    public static func moves(of plan: PartitionPlan, chain: LayerChain, awayFrom stage: Int? = nil) -> [PlanChange] {
        let starts = chain.blockStarts
        let boundaries = plan.layerRanges.map(\.lowerBound)
        let teams = plan.stages.filter(\.hasLayers).map(\.teams)
        var changes: [PlanChange] = []
        for cut in boundaries.indices.dropFirst() {
            guard let block = starts.firstIndex(of: boundaries[cut]) else { continue }
            func consider(_ start: Int?, _ moved: Int, from: Int, to: Int) {
                guard let start, stage == nil || stage == from else { return }
                var changed = boundaries
                changed[cut] = start
                let end = cut + 1 < boundaries.count ? boundaries[cut + 1] : chain.layers.count
                guard start > changed[cut - 1], start < end else { return }
                changes.append(
                    PlanChange(
                        description:
                            "move block '\(chain.layers[moved].name)' from stage \(from) to stage \(to)",
                        placement: Placement(boundaries: changed, teams: teams)))
            }
            consider(block > 0 ? starts[block - 1] : nil, block > 0 ? starts[block - 1] : 0, from: cut - 1, to: cut)
            consider(block + 1 < starts.count ? starts[block + 1] : nil, boundaries[cut], from: cut, to: cut - 1)
        }
        return changes
    }
}
