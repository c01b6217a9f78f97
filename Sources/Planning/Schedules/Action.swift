/// One thing that a rank does. Actions of a rank start in the order of its list; messages continue during the actions
/// that follow.
public enum Action: Sendable, Codable, Hashable {
    /// Read the items of a microbatch for an input of the model (index into `PartitionPlan.inputs`).
    case read(input: Int, microbatch: Int)
    /// Make a buffer ready and post the receive. Does not wait.
    case receive(edge: Int, microbatch: Int)
    /// Wait for the operands, and for buffers of earlier results to be free, and compute.
    case run(stage: Int, microbatch: Int)
    /// Start sending a result. Does not wait.
    case send(edge: Int, microbatch: Int)
    /// Pass the outputs of the model that the stage writes to the sink.
    case write(stage: Int, microbatch: Int)

    public var microbatch: Int {
        switch self {
        case .read(_, let microbatch), .receive(_, let microbatch), .run(_, let microbatch), .send(_, let microbatch),
            .write(_, let microbatch):
            microbatch
        }
    }
}
