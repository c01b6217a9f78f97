/// The exact answer to "cut a chain into contiguous stages so that the heaviest stage is as light as can be, and of
/// all such cuts the one that sends the fewest bytes".
///
/// Dynamic programming over (stages, layers), twice: the first pass finds the lightest heaviest stage, the second the
/// fewest bytes among the cuts that reach it. O(stages * layers^2) steps at worst; the inner loop stops as soon as the
/// last stage alone is too heavy, which leaves about layers^2 where the layers are alike.
struct BalancedCut {
    /// Prefix sums of the layers' loads.
    private let sums: [Double]
    private let cutByteCounts: [Double]
    /// What a byte over a cut costs, in units of load.
    private let loadPerByte: Double

    init(loads: [Double], cutByteCounts: [Double], loadPerByte: Double) {
        var sums = [0.0]
        for load in loads { sums.append(sums.last! + load) }
        self.sums = sums
        self.cutByteCounts = cutByteCounts
        self.loadPerByte = loadPerByte
    }

    /// For the blocks of a chain.
    init(_ chain: LayerChain, loadPerByte: Double, load: (LayerChain.Layer) -> Double) {
        self.init(
            loads: chain.blockSums(load), cutByteCounts: chain.blockCutByteCounts, loadPerByte: loadPerByte)
    }

    /// For figures by layer, without regard to what crosses the cuts until all else is equal.
    init(_ chain: LayerChain, loads: [Double]) {
        self.init(loads: chain.blockSums(of: loads), cutByteCounts: chain.blockCutByteCounts, loadPerByte: 0)
    }

    /// The layers that begin a stage.
    func boundaries(of chain: LayerChain, stageCount: Int) -> [Int] {
        let starts = chain.blockStarts
        return boundaries(stageCount: stageCount).map { starts[$0] }
    }

    /// Own work plus both borders: what a rank sends and what it receives passes through its hands.
    private func load(_ first: Int, _ end: Int) -> Double {
        sums[end] - sums[first] + loadPerByte * (cutByteCounts[first] + cutByteCounts[end])
    }

    /// Where the n-th stage may end, so that each stage before and after it has a layer.
    private func ends(of stage: Int, stageCount: Int) -> ClosedRange<Int> {
        let count = sums.count - 1
        return (stage == stageCount ? count : stage)...(count - (stageCount - stage))
    }

    func boundaries(stageCount: Int) -> [Int] {
        let count = sums.count - 1
        // heaviest[end]: the lightest possible heaviest stage for the layers before `end`, for the stages so far.
        var heaviest = (0...count).map { $0 == 0 ? Double.infinity : load(0, $0) }
        for stage in stride(from: 2, through: stageCount, by: 1) {
            var next = [Double](repeating: .infinity, count: count + 1)
            for end in ends(of: stage, stageCount: stageCount) {
                var best = Double.infinity
                for first in stride(from: end - 1, through: stage - 1, by: -1) {
                    // Own work only grows from here on.
                    if sums[end] - sums[first] >= best { break }
                    best = min(best, max(heaviest[first], load(first, end)))
                }
                next[end] = best
            }
            heaviest = next
        }
        return cheapest(stageCount: stageCount, limit: heaviest[count])
    }

    private func cheapest(stageCount: Int, limit: Double) -> [Int] {
        let count = sums.count - 1
        var bytes = (0...count).map { $0 > 0 && load(0, $0) <= limit ? 0.0 : .infinity }
        var choices: [[Int]] = [[Int](repeating: 0, count: count + 1)]
        for stage in stride(from: 2, through: stageCount, by: 1) {
            var next = [Double](repeating: .infinity, count: count + 1)
            var choice = [Int](repeating: 0, count: count + 1)
            for end in ends(of: stage, stageCount: stageCount) {
                for first in stride(from: end - 1, through: stage - 1, by: -1) {
                    if sums[end] - sums[first] > limit { break }
                    guard load(first, end) <= limit, bytes[first] + cutByteCounts[first] < next[end] else { continue }
                    next[end] = bytes[first] + cutByteCounts[first]
                    choice[end] = first
                }
            }
            bytes = next
            choices.append(choice)
        }
        var boundaries: [Int] = []
        var end = count
        for choice in choices.reversed() {
            end = choice[end]
            boundaries.append(end)
        }
        return boundaries.reversed()
    }
}
