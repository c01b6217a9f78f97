/// What keeps a run from being faster.
public enum RunLimit: Sendable, Hashable {
    /// One stage computes longer than the others.
    case compute(stage: Int)
    /// All stages compute, and about equally long: more or faster ranks are what is left.
    case balanced
    /// Messages that no computing hides, most of all on this rank.
    case communication(rank: Int)
    /// Files, on this rank.
    case inputOutput(rank: Int)
    /// The pipeline fills and drains for longer than it is full.
    case bubble
    /// Weights are read and stages compiled for longer than they run.
    case load

    /// - Parameter breakdown: of a run.
    public init(_ breakdown: TimeBreakdown, plan: PartitionPlan) {
        let ranks = breakdown.ranks
        guard let busiest = ranks.max(by: { $0.compute + $0.inputOutput < $1.compute + $1.inputOutput }) else {
            self = .load
            return
        }
        let parts: [(Double, RunLimit)] = [
            (busiest.load, .load), (busiest.communication, .communication(rank: busiest.rank)),
            (busiest.inputOutput, .inputOutput(rank: busiest.rank)), (busiest.bubble, .bubble),
            (busiest.compute, .compute(stage: plan.stages(ofRank: busiest.rank).first ?? 0)),
        ]
        let largest = parts.max { $0.0 < $1.0 }!.1
        // Communication counts for the rank that waits for it, which need not be the busiest.
        let waiting = ranks.max { $0.communication < $1.communication }!
        if waiting.communication > busiest.compute {
            self = .communication(rank: waiting.rank)
            return
        }
        if case .compute = largest {
            let mean = ranks.reduce(0) { $0 + $1.compute } / Double(ranks.count)
            self = busiest.compute < 1.05 * mean ? .balanced : largest
        } else {
            self = largest
        }
    }

    /// In a sentence's words: what limits the run.
    public var description: String {
        switch self {
        case .compute(let stage): "computing in stage \(stage), which has more to do than the others"
        case .balanced: "computing, which all ranks do for about equally long"
        case .communication(let rank): "messages that rank \(rank) waits for and no computing hides"
        case .inputOutput(let rank): "reading and writing files on rank \(rank)"
        case .bubble: "filling and draining the pipeline, since there are few microbatches"
        case .load: "reading weights and compiling, since there is little to compute"
        }
    }
}
