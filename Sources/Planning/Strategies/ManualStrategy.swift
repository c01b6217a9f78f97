/// The cuts that the user names: the layer that each stage but the first begins with.
public struct ManualStrategy: PartitionStrategy {
    public static let name = "manual"

    public let firstLayers: [String]

    public init(firstLayers: [String]) { self.firstLayers = firstLayers }

    public func placement(for problem: PartitionProblem) throws(PlanningError) -> Placement {
        let (chain, stageCount) = (problem.chain, problem.stageCount)
        guard firstLayers.count == stageCount - 1 else {
            let stages = stageCount == 1 ? "1 stage needs" : "\(stageCount) stages need"
            let cuts = stageCount == 2 ? "1 manual cut" : "\(stageCount - 1) manual cuts"
            let given = firstLayers.count == 1 ? "1 is given" : "\(firstLayers.count) are given"
            throw PlanningError(
                "\(stages) \(cuts), and \(given); each names the first layer of a stage after the first")
        }
        var boundaries = [0]
        for name in firstLayers {
            guard let index = chain.layers.firstIndex(where: { $0.name == name }) else {
                throw PlanningError(
                    "there is no layer '\(name)' to cut before; 'mpinfer inspect' lists the names"
                        + (chain.nearestName(to: name).map { " (nearest: '\($0)')" } ?? ""))
            }
            guard index > boundaries.last! else {
                throw PlanningError(
                    "the cut before '\(name)' leaves an empty stage: cuts go in the order of the layers")
            }
            guard chain.isCuttable[index] else {
                throw PlanningError(
                    "the cut before '\(name)' would part a carried state from the layers that read or make it")
            }
            boundaries.append(index)
        }
        return Placement(boundaries: boundaries)
    }
}

extension LayerChain {
    fileprivate func nearestName(to name: String) -> String? {
        layers.lazy.map(\.name).first { $0.lowercased() == name.lowercased() || $0.contains(name) }
    }
}
