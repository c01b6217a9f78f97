/// The ranks that a picture shows: all, or some of them evenly, the first and the last among them.
struct RankSelection: Sendable {
    let shown: [Int]
    let count: Int

    /// - Parameters:
    ///   - count: of all ranks.
    ///   - limit: of ranks that are shown.
    init(of count: Int, limit: Int) {
        self.count = count
        if count <= limit || limit < 2 {
            shown = Array(0..<min(count, max(1, limit)))
        } else {
            shown = (0..<limit).map { $0 * (count - 1) / (limit - 1) }
        }
    }

    /// What a caption says about those left out.
    var note: String? { shown.count < count ? "\(shown.count) of \(count) ranks are shown." : nil }
}
