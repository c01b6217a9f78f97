internal import Graphs
internal import Planning

/// A plan for a person: the stages, what they hold, and what crosses each cut.
public struct PlanText {
    private let job: JobPreparation
    private let includesSchedule: Bool

    public init(_ job: JobPreparation, includesSchedule: Bool = false) {
        self.job = job
        self.includesSchedule = includesSchedule
    }

    public var text: String {
        let plan = job.plan
        let total = plan.stages.reduce(0) { $0 + $1.flops }
        let heaviest = plan.stages.map(\.flops).max() ?? 0
        let count = plan.layeredStages.count
        let replicas =
            switch plan.replicaCount {
            case 1: ""
            case let number?: ", \(number) replicas (\(plan.policy.distribution.name))"
            case nil: " with replicas"
            }
        var lines = [
            "\(job.model.path), strategy \(plan.strategy), \(count) stage\(count == 1 ? "" : "s")\(replicas), "
                + "microbatches of \(plan.microbatchSize)", "",
        ]
        lines += PlanText.stageTable(plan).lines
        lines.append("")
        lines.append(
            "\(Quantity.flops(total)) and \(Quantity.bytes(plan.trafficByteCount)) over all cuts per microbatch; the "
                + "heaviest stage has "
                + "\(Quantity.fixed(total > 0 ? heaviest * Double(count) / total : 1, 2)) times its fair share"
        )
        if !plan.edges.isEmpty { lines += [""] + PlanText.edgeTable(plan).lines }
        if includesSchedule {
            if plan.isDecidedInTheRun { lines += ["", "as predicted; who computes what is decided in the run:"] }
            lines += ["", job.schedule.text(of: plan)]
        }
        return lines.joined(separator: "\n")
    }

    /// What each stage holds.
    static func stageTable(_ plan: PartitionPlan) -> TextTable {
        var table = TextTable([
            ("stage", .right), ("rank", .right), ("layers", .right), ("first", .left), ("last", .left),
            ("parameters", .right), ("FLOPs", .right), ("bytes out", .right),
        ])
        for stage in plan.layeredStages {
            let out = plan.edges.lazy.filter { $0.from == stage.index }.reduce(0) { $0 + $1.byteCount }
            table.add([
                String(stage.index), stage.rankList, String(stage.nodes.count), stage.layerNames.first ?? "",
                stage.layerNames.last ?? "", Quantity.count(stage.parameterCount), Quantity.flops(stage.flops),
                Quantity.bytes(out),
            ])
        }
        return table
    }

    /// What crosses the cuts.
    static func edgeTable(_ plan: PartitionPlan) -> TextTable {
        var table = TextTable([("edge", .right), ("value", .left), ("from", .right), ("to", .right), ("bytes", .right)])
        for edge in plan.edges {
            table.add([
                "e\(edge.index)", edge.name, "s\(edge.from)",
                // What replicas have computed is collected.
                plan.stages[edge.to].hasLayers ? "s\(edge.to)" : "results",
                edge.hasHeader ? "depends on data" : Quantity.bytes(edge.byteCount),
            ])
        }
        return table
    }
}
