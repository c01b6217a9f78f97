/// A way to cut a chain of layers into stages: the seam that new strategies fit into.
public protocol PartitionStrategy: Sendable {
    /// As a job spec names it.
    static var name: String { get }

    /// Where each stage begins, ascending from 0, one index for each stage; no stage is empty, and none begins where the
    /// chain may not be cut.
    ///
    /// - Precondition: `1...chain.stageLimit` contains `stageCount`. `PartitionPlan` checks it.
    func boundaries(of chain: LayerChain, stageCount: Int) throws(PlanningError) -> [Int]
}

/// The strategies by name.
public enum PartitionStrategies {
    /// For help texts and error messages.
    public static let names = [
        UniformStrategy.name, ParametersStrategy.name, FlopsStrategy.name, ManualStrategy.name,
    ]

    /// - Parameter cuts: for `manual`, the names of the layers that each stage but the first begins with.
    public static func named(_ name: String, cuts: [String] = []) throws(PlanningError) -> any PartitionStrategy {
        switch name {
        case UniformStrategy.name: return UniformStrategy()
        case ParametersStrategy.name: return ParametersStrategy()
        case FlopsStrategy.name: return FlopsStrategy()
        case ManualStrategy.name: return ManualStrategy(firstLayers: cuts)
        default: throw PlanningError("there is no strategy '\(name)'; choose one of \(names.joined(separator: ", "))")
        }
    }
}
