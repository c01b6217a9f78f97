/// Which pixels of a line, and how much of each, make up the pixels of a line of another length.
struct ResamplingTaps {
    /// The first pixel taken, for each new pixel.
    private(set) var starts: [Int] = []
    private var allWeights: [Float] = []
    private var ends: [Int] = []
    /// Whether every new pixel is the old one.
    let isIdentity: Bool

    /// The centre of new pixel `x` lies at `(x + 0.5) * from / to - 0.5` (half-pixel centres).
    init(from: Int, to: Int, _ interpolation: JobSpecification.Interpolation) {
        isIdentity = from == to
        let scale = Double(from) / Double(to)
        for index in 0..<to {
            let centre = (Double(index) + 0.5) * scale  // pixel i covers i to i + 1
            switch interpolation {
            // Exact, where a centre lies on a border too.
            case .nearest: append(start: (2 * index + 1) * from / (2 * to), weights: [1])
            case .bilinear:
                let position = max(0, centre - 0.5)
                let first = min(from - 1, Int(position))
                let part = position - Double(first)
                append(start: first, weights: first + 1 < from && part > 0 ? [1 - part, part] : [1])
            case .antialiased:
                // The triangle as wide as the shrinking, cut at the border, weights summing to one; as in Pillow.
                let stretch = max(1, scale)
                let first = max(0, Int(centre - stretch + 0.5))
                let end = min(from, Int(centre + stretch + 0.5))
                let weights = (first..<end).map { max(0, 1 - abs((Double($0) + 0.5 - centre) / stretch)) }
                let sum = weights.reduce(0, +)
                append(start: first, weights: weights.map { $0 / sum })
            }
        }
    }

    var count: Int { starts.count }

    func weights(of index: Int) -> ArraySlice<Float> { allWeights[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

    private mutating func append(start: Int, weights: [Double]) {
        starts.append(start)
        allWeights += weights.map(Float.init)
        ends.append(allWeights.count)
    }
}
