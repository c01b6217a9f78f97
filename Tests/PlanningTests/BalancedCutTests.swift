import TestSupport
import Testing

@testable import Planning

/// The exact cut, compared with all cuts that there are.
@Suite struct BalancedCutTests {
    /// What a cut is worth: the heaviest stage, then the bytes sent.
    private struct Worth: Equatable {
        var heaviest: Double
        var bytes: Double
    }

    private struct Chain {
        let loads: [Double]
        let cuts: [Double]
        let loadPerByte: Double

        func worth(_ starts: [Int]) -> Worth {
            let ends = starts.dropFirst() + [loads.count]
            let stages = zip(starts, ends).map { start, end in
                loads[start..<end].reduce(0, +) + loadPerByte * (cuts[start] + cuts[end])
            }
            return Worth(heaviest: stages.max()!, bytes: starts.dropFirst().reduce(0) { $0 + cuts[$1] })
        }

        /// The best of all ways to cut, tried one by one.
        func bestWorth(stageCount: Int) -> Worth {
            var best = Worth(heaviest: .infinity, bytes: .infinity)
            for mask in 0..<(1 << (loads.count - 1)) where mask.nonzeroBitCount == stageCount - 1 {
                let starts = [0] + (1..<loads.count).filter { mask >> ($0 - 1) & 1 == 1 }
                let worth = worth(starts)
                if (worth.heaviest, worth.bytes) < (best.heaviest, best.bytes) { best = worth }
            }
            return best
        }

        func cut(stageCount: Int) -> [Int] {
            BalancedCut(loads: loads, cutByteCounts: cuts, loadPerByte: loadPerByte).boundaries(stageCount: stageCount)
        }
    }

    /// Loads and bytes are whole numbers, so that sums are exact in whatever order they are taken.
    private static func randomChain(_ random: inout SplitMix, layerCount: Int) -> Chain {
        let loadLimit = random.choice([0, 1, 3, 20, 1_000_000])
        let byteLimit = random.choice([0, 1, 5, 1000, 1_000_000])
        let zeros = random.choice([1, 2, 5])
        return Chain(
            loads: (0..<layerCount).map { _ in Double(random.once(in: zeros) ? random.integer(0...loadLimit) : 0) },
            cuts: [0] + (1..<layerCount).map { _ in Double(random.integer(0...byteLimit)) } + [0],
            loadPerByte: random.choice([0, 0, 1, 10, 1000]))
    }

    @Test func equalsTheBestOfAllCuts() {
        var random = SplitMix(1)
        var comparisons = 0
        for _ in 0..<1500 {
            let layerCount = random.integer(1...9)
            let chain = BalancedCutTests.randomChain(&random, layerCount: layerCount)
            for stageCount in 1...layerCount {
                let starts = chain.cut(stageCount: stageCount)
                #expect(starts.count == stageCount && starts.first == 0)
                #expect(zip(starts, starts.dropFirst()).allSatisfy(<) && starts.last! < layerCount)
                let best = chain.bestWorth(stageCount: stageCount)
                #expect(chain.worth(starts) == best, "\(chain), \(stageCount) stages")
                comparisons += 1
            }
        }
        #expect(comparisons > 7000)
    }

    @Test func sendsFewBytesWhereTheHeaviestStageLeavesAChoice() {
        // The 9 decides; the rest may be cut anywhere, and is cut where little flows.
        let chain = Chain(loads: [9, 1, 1, 1, 1], cuts: [0, 7, 50, 3, 40, 0], loadPerByte: 0)
        #expect(chain.cut(stageCount: 2) == [0, 1])
        #expect(chain.cut(stageCount: 3) == [0, 1, 3])
    }

    @Test func cutsAwayFromHeavyBorders() {
        // Halves would be equal, and the border between them costs more than the imbalance elsewhere.
        let chain = Chain(loads: [10, 10, 10, 11], cuts: [0, 1, 100, 1, 0], loadPerByte: 1)
        #expect(chain.cut(stageCount: 2) == [0, 3])
    }

    @Test func cutsLongChains() {
        var random = SplitMix(2)
        let loads = (0..<2000).map { _ in Double(random.integer(1...10_000_000)) }
        let cuts = [0] + (1..<2000).map { _ in Double(random.integer(0...1_000_000)) } + [0]
        let chain = Chain(loads: loads, cuts: cuts, loadPerByte: 10)
        var starts: [Int] = []
        let time = ContinuousClock().measure { starts = chain.cut(stageCount: 256) }
        print("2000 layers over 256 stages: \(time)")
        #expect(starts.count == 256)
        let lowest = max(loads.max()!, loads.reduce(0, +) / 256)
        #expect(chain.worth(starts).heaviest >= lowest)
    }
}
