internal import Planning

extension PlanPrediction {
    /// For a person: the outcome, where each rank's time would go, and what would change it.
    ///
    /// - Parameter cluster: what to call the cluster.
    public func text(cluster: String) -> String {
        var lines = [
            "predicted on \(cluster) (simulated; \(basis)):",
            "  \(PlanPrediction.summary(outcome)); the first microbatch is through after "
                + Quantity.seconds(outcome.latency), "",
        ]
        var table = TextTable([
            ("rank", .right), ("compute", .right), ("communication", .right), ("in/out", .right), ("idle", .right),
            ("memory", .right),
        ])
        for rank in ranks {
            table.add([
                String(rank.rank), Quantity.percent(rank.compute), Quantity.percent(rank.communication),
                Quantity.percent(rank.inputOutput), Quantity.percent(rank.idle), Quantity.bytes(rank.memory),
            ])
        }
        lines += table.lines
        if !alternatives.isEmpty {
            var changes = TextTable([("what if", .left), ("items/s", .right), ("change", .right)])
            for alternative in alternatives {
                let before = outcome.itemsPerSecond
                let ratio = before > 0 ? alternative.outcome.itemsPerSecond / before - 1 : 0
                changes.add([
                    alternative.change, Quantity.fixed(alternative.outcome.itemsPerSecond, 1),
                    Quantity.change(ratio),
                ])
            }
            lines += [""] + changes.lines
        }
        if let fewerRanks {
            lines += [
                "",
                "\(fewerRanks.ranks) rank\(fewerRanks.ranks == 1 ? " is" : "s are") faster than \(outcome.ranks): "
                    + PlanPrediction.summary(fewerRanks),
            ]
        }
        return lines.joined(separator: "\n")
    }

    private var basis: String {
        switch costs {
        case .operations: "operations over speed, files not counted; 'mpinfer profile' measures"
        case .measured: "times of the layers measured"
        }
    }

    private static func summary(_ outcome: Outcome) -> String {
        "\(Quantity.seconds(outcome.makespan)), \(Quantity.fixed(outcome.itemsPerSecond, 1)) items/s on \(outcome.ranks) "
            + "rank\(outcome.ranks == 1 ? "" : "s")"
    }
}
