import Testing

@testable import Planning

/// What caused the time in which ranks waited.
@Suite struct TimelineTests {
    private func rank(
        _ rank: Int, wait: Double, receiveWait: Double, sends: [Timeline.MessageEvent] = [],
        waits: [Timeline.MessageEvent] = []
    ) -> Timeline.RankSummary {
        var summary = Timeline.RankSummary(rank: rank, stages: [rank])
        summary.seconds[.wait] = wait
        summary.receiveWait = receiveWait
        summary.sends = sends
        summary.waits = waits
        return summary
    }

    private func event(_ edge: Int, _ microbatch: Int, _ start: Double, _ end: Double) -> Timeline.MessageEvent {
        Timeline.MessageEvent(edge: edge, microbatch: microbatch, start: start, end: end)
    }

    private func attributed(_ ranks: [Timeline.RankSummary]) -> Timeline {
        var timeline = Timeline(ranks: ranks)
        timeline.attributeWaits()
        return timeline
    }

    @Test func whatPassesBeforeTheSendIsWait() {
        let timeline = attributed([
            rank(0, wait: 0, receiveWait: 0, sends: [event(0, 0, 3, 3)]),
            rank(1, wait: 4, receiveWait: 4, waits: [event(0, 0, 1, 5)]),
        ])
        #expect(timeline.ranks[1][.wait] == 2)
        #expect(timeline.ranks[1][.transfer] == 2)
        #expect(timeline.ranks[0][.transfer] == 0)
    }

    @Test func whatWasSentLongAgoIsAllTransfer() {
        let timeline = attributed([
            rank(0, wait: 0, receiveWait: 0, sends: [event(0, 0, 0, 0)]),
            rank(1, wait: 4, receiveWait: 4, waits: [event(0, 0, 1, 5)]),
        ])
        #expect(timeline.ranks[1][.wait] == 0)
        #expect(timeline.ranks[1][.transfer] == 4)
    }

    @Test func aClockThatIsOffNeverMakesTransferNegative() {
        // By the clocks the message arrived before it was sent.
        let timeline = attributed([
            rank(0, wait: 0, receiveWait: 0, sends: [event(0, 0, 9, 9)]),
            rank(1, wait: 4, receiveWait: 4, waits: [event(0, 0, 1, 5)]),
        ])
        #expect(timeline.ranks[1][.wait] == 4)
        #expect(timeline.ranks[1][.transfer] == 0)
    }

    @Test func waitingForReceiversStaysWait() {
        // 6 seconds in all, 2 of them for a message that was under way.
        let timeline = attributed([
            rank(0, wait: 0, receiveWait: 0, sends: [event(0, 0, 0, 0)]),
            rank(1, wait: 6, receiveWait: 2, waits: [event(0, 0, 1, 3)]),
        ])
        #expect(timeline.ranks[1][.wait] == 4)
        #expect(timeline.ranks[1][.transfer] == 2)
    }

    @Test func eventsThatWereNotKeptCountLikeThoseThatWere() {
        // Of 8 seconds the events tell of 2, half of them transfer; microbatch 7 was not kept by the sender.
        let timeline = attributed([
            rank(0, wait: 0, receiveWait: 0, sends: [event(0, 0, 2, 2)]),
            rank(1, wait: 8, receiveWait: 8, waits: [event(0, 0, 1, 3), event(0, 7, 20, 21)]),
        ])
        #expect(timeline.ranks[1][.wait] == 4)
        #expect(timeline.ranks[1][.transfer] == 4)
    }

    @Test func edgesAndMicrobatchesAreNotMixedUp() {
        let timeline = attributed([
            rank(0, wait: 0, receiveWait: 0, sends: [event(0, 1, 0, 0), event(1, 0, 0, 0), event(0, 0, 4, 4)]),
            rank(1, wait: 4, receiveWait: 4, waits: [event(0, 0, 1, 5)]),
        ])
        #expect(timeline.ranks[1][.transfer] == 1)
    }

    @Test func nothingKnownChangesNothing() {
        let timeline = attributed([
            rank(0, wait: 3, receiveWait: 0), rank(1, wait: 4, receiveWait: 4, waits: [event(0, 0, 1, 5)]),
        ])
        #expect(timeline.ranks.map { $0[.wait] } == [3, 4])
        #expect(timeline.ranks.map { $0[.transfer] } == [0, 0])
        #expect(Timeline(ranks: []).makespan == 0)
    }
}
