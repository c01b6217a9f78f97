/// A way to cut a chain of layers into stages: the seam that new strategies fit into.
public protocol PartitionStrategy: Sendable {
    /// As a job spec names it.
    static var name: String { get }

    /// Where each stage begins and which rank it is on; no stage is empty, and none begins where the chain may not be cut.
    ///
    /// - Precondition: `1...chain.stageLimit` contains the problem's `stageCount`. `PartitionPlan` checks it.
    func placement(for problem: PartitionProblem) throws(PlanningError) -> Placement
}

/// The strategies by name.
public enum PartitionStrategies {
    /// For help texts and error messages.
    public static let names = [
        UniformStrategy.name, ParametersStrategy.name, FlopsStrategy.name, MemoryStrategy.name, ProfiledStrategy.name,
        OptimalStrategy.name, RandomStrategy.name, ManualStrategy.name,
    ]

    /// - Parameters:
    ///   - cuts: for `manual`, the names of the layers that each stage but the first begins with.
    ///   - seed: for `random`.
    public static func named(
        _ name: String, cuts: [String] = [], seed: UInt64 = 0
    ) throws(PlanningError) -> any PartitionStrategy {
        switch name {
        case UniformStrategy.name: return UniformStrategy()
        case ParametersStrategy.name: return ParametersStrategy()
        case FlopsStrategy.name: return FlopsStrategy()
        case MemoryStrategy.name: return MemoryStrategy()
        case ProfiledStrategy.name: return ProfiledStrategy()
        case OptimalStrategy.name: return OptimalStrategy()
        case RandomStrategy.name: return RandomStrategy(seed: seed)
        case ManualStrategy.name: return ManualStrategy(firstLayers: cuts)
        default: throw PlanningError("there is no strategy '\(name)'; choose one of \(names.joined(separator: ", "))")
        }
    }
}
