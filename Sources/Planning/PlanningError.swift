/// Why a model cannot be cut as asked, or why a plan cannot be carried out.
public struct PlanningError: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
