/// What a stage would take, for any run of blocks: found block by block from its end, so that a search over all stages
/// with one end costs little more than one stage.
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
        /// Values that later blocks want, each counted once.
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
    /// - Parameter visit: is given the stage's first block and figures; returns whether to go on.
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
