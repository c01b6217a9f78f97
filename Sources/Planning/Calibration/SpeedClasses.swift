/// Brings speeds that differ by no more than measurements do to one figure, so that planners see which ranks are alike.
public enum SpeedClasses {
    /// What the fastest of a class may be beyond the slowest.
    public static let tolerance = 0.05

    /// The speeds, each the median of its class.
    public static func levelled(_ speeds: [Double]) -> [Double] {
        let order = speeds.indices.sorted { speeds[$0] > speeds[$1] }
        var result = speeds
        var start = 0
        while start < order.count {
            let limit = speeds[order[start]] * (1 - tolerance)
            let end = order[start...].firstIndex { speeds[$0] < limit } ?? order.count
            let members = order[start..<end]
            let median = LinkFit.median(members.map { speeds[$0] })
            for member in members { result[member] = median }
            start = end
        }
        return result
    }
}
