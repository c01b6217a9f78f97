@testable import Planning

/// What a stage takes, found block by block from its end: the plain way, to compare `StageTable` with.
struct StageScan {
    /// What some blocks take together, for a full microbatch.
    struct Figures {
        /// On a rank of the speed that the costs hold for.
        var seconds = 0.0
        var parameterByteCount = 0.0
        /// The most that is alive at once, as far as the chain tells.
        var activationByteCount = 0.0
        /// Values that come from earlier blocks, each counted once.
        var receivedByteCount = 0.0
        /// Values that later blocks need, each counted once.
        var sentByteCount = 0.0

        /// Weights, activations, and buffers for the messages of two microbatches.
        var memoryByteCount: Double {
            parameterByteCount + activationByteCount
                + Double(PartitionPlan.receiveSlotCount) * (receivedByteCount + sentByteCount)
        }
    }

    private struct Made {
        let byteCount: Double
        /// The first block after its own that takes it; `.max` where none does.
        let next: Int
        let last: Int
    }

    private struct Taken {
        let byteCount: Double
        /// The next block that takes it too; `.max` where none does.
        let next: Int
    }

    let blockCount: Int
    private let seconds: [Double]
    private let parameterByteCounts: [Double]
    /// The most that is alive while a block runs.
    private let alive: [Double]
    // By block, flat: what it makes for others, and what it takes of others.
    private let made: [Made]
    private let firstMade: [Int]
    private let taken: [Taken]
    private let firstTaken: [Int]

    /// - Parameter seconds: by layer; nil where they do not matter.
    init(_ chain: LayerChain, seconds: [Double]? = nil) {
        let starts = chain.blockStarts
        blockCount = starts.count
        self.seconds = seconds.map { chain.blockSums(of: $0) } ?? [Double](repeating: 0, count: starts.count)
        parameterByteCounts = chain.blockSums { Double($0.parameterByteCount) }
        var blockOfLayer = [Int](repeating: 0, count: chain.layers.count)
        for (block, start) in starts.enumerated() {
            let end = block + 1 < starts.count ? starts[block + 1] : chain.layers.count
            for layer in start..<end { blockOfLayer[layer] = block }
        }
        var made = [[Made]](repeating: [], count: starts.count)
        var taken = [[Taken]](repeating: [], count: starts.count)
        var produced = [Double](repeating: 0, count: chain.layers.count)
        for value in chain.values {
            let home = blockOfLayer[value.home]
            produced[value.home] += value.byteCount
            var takers: [Int] = []
            for layer in value.takers {
                let block = blockOfLayer[layer]
                if block > home, takers.last != block { takers.append(block) }
            }
            guard let last = takers.last else { continue }
            made[home].append(Made(byteCount: value.byteCount, next: takers[0], last: last))
            for (index, block) in takers.enumerated() {
                let next = index + 1 < takers.count ? takers[index + 1] : Int.max
                taken[block].append(Taken(byteCount: value.byteCount, next: next))
            }
        }
        var alive = [Double](repeating: 0, count: starts.count)
        for layer in chain.layers.indices {
            let block = blockOfLayer[layer]
            alive[block] = max(alive[block], chain.cutByteCounts[layer] + produced[layer])
        }
        self.alive = alive
        (self.made, firstMade) = StageScan.flat(made)
        (self.taken, firstTaken) = StageScan.flat(taken)
    }

    private static func flat<Element>(_ lists: [[Element]]) -> ([Element], [Int]) {
        var starts = [0]
        for list in lists { starts.append(starts.last! + list.count) }
        return (lists.flatMap(\.self), starts)
    }

    /// Visits the stages that end before a block, from the shortest to the longest.
    ///
    /// - Parameter visit: is given the stage's first block and figures; returns whether to continue.
    @inline(__always)
    func stages(endingBefore end: Int, from lowest: Int, _ visit: (_ first: Int, _ figures: Figures) -> Bool) {
        var figures = Figures()
        var block = end - 1
        while block >= lowest {
            figures.seconds += seconds[block]
            figures.parameterByteCount += parameterByteCounts[block]
            figures.activationByteCount = max(figures.activationByteCount, alive[block])
            for index in firstMade[block]..<firstMade[block + 1] {
                let value = made[index]
                if value.next < end { figures.receivedByteCount -= value.byteCount }
                if value.last >= end { figures.sentByteCount += value.byteCount }
            }
            for index in firstTaken[block]..<firstTaken[block + 1] where taken[index].next >= end {
                figures.receivedByteCount += taken[index].byteCount
            }
            guard visit(block, figures) else { return }
            block -= 1
        }
    }

    /// The figures of one stage.
    func figures(of blocks: Range<Int>) -> Figures {
        var found = Figures()
        stages(endingBefore: blocks.upperBound, from: blocks.lowerBound) { _, figures in
            found = figures
            return true
        }
        return found
    }
}

/// The lightest heaviest stage and the lowest toll within it by dynamic programming over all stages, each looked at by
/// itself: the plain way, to compare `PlacementSearch` and `MemorySearch` with.
struct BlockwiseSearch {
    let scan: StageScan
    let places: RankChoices
    /// What a stage weighs on a rank; infinite where it does not fit.
    let load: (StageScan.Figures, RankChoices.Step) -> Double
    /// A part of the load that only grows with the stage.
    let floor: (StageScan.Figures, RankChoices.Step) -> Double
    /// Seconds that a stage's messages delay the first item.
    let toll: (StageScan.Figures, RankChoices.Step) -> Double

    private var width: Int { scan.blockCount + 1 }

    /// The ends that a step's stage may have, so that each stage before and after it has a block.
    private func ends(_ step: RankChoices.Step) -> ClosedRange<Int> {
        let depth = places.depths[step.to]
        let lowest = depth == places.rankCount ? scan.blockCount : depth
        return lowest...(scan.blockCount - (places.rankCount - depth))
    }

    /// Nil where no plan fits.
    func best() -> PlacementSearch.Result? {
        var heaviest = [Double](repeating: .infinity, count: places.stateCount * width)
        heaviest[0] = 0
        for step in places.steps {
            let (from, to) = (step.from * width, step.to * width)
            for end in ends(step) {
                var best = heaviest[to + end]
                scan.stages(endingBefore: end, from: places.depths[step.from]) { first, figures in
                    guard floor(figures, step) < best else { return false }
                    let before = heaviest[from + first]
                    if before < best { best = min(best, max(before, load(figures, step))) }
                    return true
                }
                heaviest[to + end] = best
            }
        }
        let limit = places.finalStates.map { heaviest[$0 * width + scan.blockCount] }.min()!
        return limit.isFinite ? cheapest(limit: limit) : nil
    }

    private func cheapest(limit: Double) -> PlacementSearch.Result {
        var tolls = [Double](repeating: .infinity, count: places.stateCount * width)
        var choices = [(step: Int32, first: Int32)](repeating: (-1, -1), count: places.stateCount * width)
        tolls[0] = 0
        for (number, step) in places.steps.enumerated() {
            let (from, to) = (step.from * width, step.to * width)
            for end in ends(step) {
                scan.stages(endingBefore: end, from: places.depths[step.from]) { first, figures in
                    guard floor(figures, step) <= limit else { return false }
                    guard tolls[from + first] < tolls[to + end], load(figures, step) <= limit else { return true }
                    let sum = tolls[from + first] + toll(figures, step)
                    if sum < tolls[to + end] {
                        tolls[to + end] = sum
                        choices[to + end] = (Int32(number), Int32(first))
                    }
                    return true
                }
            }
        }
        var starts: [Int] = []
        var path: [RankChoices.Step] = []
        var place = places.finalStates.map { $0 * width + scan.blockCount }.min { tolls[$0] < tolls[$1] }!
        while place != 0 {
            let choice = choices[place]
            let step = places.steps[Int(choice.step)]
            starts.append(Int(choice.first))
            path.append(step)
            place = step.from * width + Int(choice.first)
        }
        return PlacementSearch.Result(
            heaviest: limit, starts: starts.reversed(), ranks: places.ranks(of: path.reversed()))
    }
}

extension BlockwiseSearch {
    /// What `OptimalStrategy` looks for.
    init(_ problem: PartitionProblem, _ places: RankChoices) {
        let (costs, cluster) = (problem.costs, problem.cluster)
        func computing(_ figures: StageScan.Figures, _ step: RankChoices.Step) -> Double {
            (figures.seconds + costs.stage) * costs.flopsPerSecond / step.kind.flopsPerSecond
        }
        func onTheWay(_ bytes: Double, _ link: Cluster.Link) -> Double {
            link.transferSeconds(bytes) + link.latency * (1 + cluster.handshakeLatencies(bytes, over: link))
        }
        self.init(
            scan: StageScan(problem.chain, seconds: costs.layers), places: places,
            load: { figures, step in
                let bytes = figures.receivedByteCount
                if let limit = step.kind.memoryByteCount, figures.memoryByteCount > Double(limit) { return .infinity }
                guard let link = step.link, bytes > 0 else { return computing(figures, step) }
                return max(
                    computing(figures, step) + link.receiveHandling * bytes, link.transferSeconds(bytes),
                    onTheWay(bytes, link) / Double(PartitionPlan.receiveSlotCount))
            }, floor: computing,
            toll: { figures, step in step.link.map { onTheWay(figures.receivedByteCount, $0) } ?? 0 })
    }

    /// What `MemorySearch` looks for.
    static func memory(_ chain: LayerChain, stageCount: Int) -> BlockwiseSearch {
        BlockwiseSearch(
            scan: StageScan(chain), places: .inOrder(.unknown(rankCount: stageCount), count: stageCount),
            load: { figures, _ in figures.memoryByteCount }, floor: { figures, _ in figures.parameterByteCount },
            toll: { figures, _ in figures.receivedByteCount })
    }
}
