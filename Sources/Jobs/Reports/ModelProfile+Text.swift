extension ModelProfile {
    /// For a person: the layers that take longest, and what else there is.
    public var text: String {
        let count = 20
        var table = TextTable([("layer", .left), ("time", .right), ("share", .right)])
        let longest = layers.sorted { $0.seconds > $1.seconds }
        for layer in longest.prefix(count) {
            table.add([
                layer.name, Quantity.seconds(layer.seconds), Quantity.percent(total > 0 ? layer.seconds / total : 0),
            ])
        }
        var lines = [
            "microbatches of \(conditions.microbatch), \(conditions.threads) thread\(conditions.threads == 1 ? "" : "s") a "
                + "rank, \(conditions.processor) (\(conditions.instructions)); medians of \(rounds) rounds on \(ranks) "
                + "rank\(ranks == 1 ? "" : "s")", "",
        ]
        lines += table.lines
        if layers.count > count {
            let rest = longest.dropFirst(count).reduce(0) { $0 + $1.seconds }
            lines.append("... and \(layers.count - count) more, \(Quantity.seconds(rest))")
        }
        lines += [
            "",
            "\(Quantity.seconds(total)) a microbatch, \(Quantity.seconds(rest)) of it outside the layers; reading "
                + "\(Quantity.seconds(read.values.reduce(0, +))), writing \(Quantity.seconds(write)); "
                + "\(Quantity.fixed(flopsPerSecond * 1e-9, 1)) Gflop/s in a product of matrices",
        ]
        return lines.joined(separator: "\n")
    }
}
