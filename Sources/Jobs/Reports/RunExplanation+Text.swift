extension RunExplanation {
    /// For a person, a line each.
    var lines: [String] {
        var sentence =
            "limited by \(limit); no plan for these ranks can take less than \(Quantity.seconds(lowerBound))"
        if let advice {
            sentence += "; what would help most: \(advice.change), \(Quantity.percent(advice.gain)) faster"
        }
        var lines = [sentence]
        if let check {
            lines.append(
                "predicted: \(Quantity.fixed(check.predictedItemsPerSecond, 1)) items/s, "
                    + "\(Quantity.change(check.error)) against the measured"
                    + (check.place.map { ": \($0); --replan plans again from what was measured" } ?? ""))
        }
        return lines
    }
}
