internal import Planning

/// What one rank measures of a model, round by round. The first round warms up and does not count.
struct ProfileSamples {
    private var rounds = 0
    private var layers: [String: [Double]] = [:]
    private var totals: [Double] = []
    private var reads: [String: [Double]] = [:]
    private var writes: [Double] = []

    mutating func add(layers found: [String: Double], total: Double, reads: [String: Double], write: Double?) {
        rounds += 1
        guard rounds > 1 else { return }
        for (name, seconds) in found { layers[name, default: []].append(seconds) }
        totals.append(total)
        for (name, seconds) in reads { self.reads[name, default: []].append(seconds) }
        if let write { writes.append(write) }
    }

    /// - Parameter scale: a full microbatch relative to those that were measured.
    func share(flopsPerSecond: Double, scale: Double) -> ProfileRunner.Share {
        func median(_ values: [Double]) -> Double { scale * Statistics.median(values) }
        return ProfileRunner.Share(
            flopsPerSecond: flopsPerSecond, rounds: totals.count, layers: layers.mapValues(median),
            total: median(totals), read: reads.mapValues(median), write: writes.isEmpty ? nil : median(writes))
    }
}
