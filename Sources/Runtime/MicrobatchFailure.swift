public import Kernels

/// What a stage could not compute, and in which microbatch: an index outside its axis, a shape that does not fit.
public struct MicrobatchFailure: Error, Sendable, CustomStringConvertible {
    public let microbatch: Int
    /// With the node's name.
    public let reason: String
    /// Nil where no single node failed.
    public let node: NodeFailure?

    public var description: String { reason }
}
