/// One thing that a rank does. Actions of a rank start in the order of its list; messages go on beside what follows.
public enum Action: Sendable, Codable, Hashable {
    /// Read the items of a microbatch for an input of the model (index into `PartitionPlan.inputs`).
    case read(input: Int, microbatch: Int)
    /// Make a buffer ready and post the receive. Does not wait.
    case receive(edge: Int, microbatch: Int)
    /// Wait for the operands, and for buffers of earlier results to be free, and compute.
    case run(stage: Int, microbatch: Int)
    /// Start sending a result. Does not wait.
    case send(edge: Int, microbatch: Int)
    /// Hand the model's outputs over to whoever writes them.
    case write(microbatch: Int)
}

extension Action {
    /// As logs and goldens write it: `recv e2 m0 <-r0`.
    public func text(in plan: PartitionPlan) -> String {
        switch self {
        case .read(let input, let microbatch): "read i\(input) m\(microbatch)"
        case .receive(let edge, let microbatch):
            "recv e\(edge) m\(microbatch) <-r\(plan.stages[plan.edges[edge].from].rank)"
        case .run(let stage, let microbatch): "run s\(stage) m\(microbatch)"
        case .send(let edge, let microbatch): "send e\(edge) m\(microbatch) ->r\(plan.stages[plan.edges[edge].to].rank)"
        case .write(let microbatch): "write m\(microbatch)"
        }
    }
}
