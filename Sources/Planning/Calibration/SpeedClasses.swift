/// Brings speeds that differ by no more than measurements do to one figure, so that planners see which ranks are alike.
public enum SpeedClasses {
    /// What speeds of processors that are alike differ by.
    public static let tolerance = 0.05

    /// The speeds, each the median of its class.
    ///
    /// - Parameter tolerance: what the slowest of a class is behind the fastest at most, as a share of it.
    public static func levelled(_ speeds: [Double], tolerance: Double = SpeedClasses.tolerance) -> [Double] {
        let order = speeds.indices.sorted { speeds[$0] > speeds[$1] }
        var result = speeds
        var start = 0
        while start < order.count {
            let limit = speeds[order[start]] * (1 - tolerance)
            let end = order[start...].firstIndex { speeds[$0] < limit } ?? order.count
            let members = order[start..<end]
            let median = Statistics.median(members.map { speeds[$0] })
            for member in members { result[member] = median }
            start = end
        }
        return result
    }
}
