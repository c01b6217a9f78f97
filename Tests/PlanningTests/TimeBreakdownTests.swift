import TestSupport
import Testing

@testable import Planning

/// The parts that a rank's time is made of.
@Suite struct TimeBreakdownTests {
    @Test func partsAddUpToTheWholeOnEveryRank() {
        var random = SplitMix(80)
        for _ in 0..<500 {
            var ranks: [Timeline.RankSummary] = []
            for rank in 0..<random.integer(1...6) {
                var summary = Timeline.RankSummary(rank: rank, stages: [rank])
                var elapsed = 0.0
                for activity in Timeline.Activity.allCases {
                    let seconds = Double(random.integer(0...10))
                    summary.seconds[activity] = seconds
                    if activity != .load { elapsed += seconds }
                }
                summary.elapsed = elapsed
                ranks.append(summary)
            }
            let breakdown = TimeBreakdown(Timeline(ranks: ranks))
            for rank in breakdown.ranks {
                #expect(abs(rank.total - breakdown.total) < 1e-9)
                for part in [
                    rank.load, rank.compute, rank.communication, rank.inputOutput, rank.imbalance, rank.bubble,
                ] {
                    #expect(part >= 0)
                }
            }
        }
    }

    @Test func imbalanceIsWhatTheBusiestRankHasMore() {
        var busy = Timeline.RankSummary(rank: 0, stages: [0])
        busy.seconds[.compute] = 8
        busy.elapsed = 8
        var idle = Timeline.RankSummary(rank: 1, stages: [1])
        idle.seconds[.compute] = 3
        idle.seconds[.wait] = 6
        idle.seconds[.transfer] = 1
        idle.elapsed = 10
        let breakdown = TimeBreakdown(Timeline(ranks: [busy, idle]))
        #expect(breakdown.ranks[0].bubble == 2 && breakdown.ranks[0].imbalance == 0)
        #expect(breakdown.ranks[1].imbalance == 5 && breakdown.ranks[1].bubble == 1)
        #expect(breakdown.ranks[1].communication == 1)
    }
}
