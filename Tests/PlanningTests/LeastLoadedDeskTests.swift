import TestSupport
import Testing

@testable import Planning

/// The desk that gives each microbatch to the lane that will finish it first, with simulated lanes.
@Suite struct LeastLoadedDeskTests {
    private struct Outcome {
        var lanes: [Int] = []
        var makespan = 0.0
    }

    /// Lanes that ask when they begin with the last that they have.
    ///
    /// - Parameters:
    ///   - known: paces that the desk assumes at first.
    ///   - paces: the actual ones.
    private func play(sizes: [Float], known: [Double], paces: [Double], ownLane: Int? = nil) -> Outcome {
        var desk = LeastLoadedDesk(sizes: sizes, paces: known, ownLane: ownLane)
        var outcome = Outcome(lanes: [Int](repeating: -1, count: sizes.count))
        /// By lane: when it is free, the places that it holds and has not begun, and whether it was told that nothing is left.
        var free = paces.map { _ in 0.0 }
        var held = [[Int]](repeating: [], count: paces.count)
        var isOver = paces.map { _ in false }
        var isAsking = paces.map { _ in true }
        var now = 0.0
        for lane in paces.indices { desk.ask(lane, at: 0) }
        while isOver.contains(false) {
            for (lane, answer) in desk.answers(at: now) {
                isAsking[lane] = false
                switch answer {
                case .places(let places):
                    for place in places {
                        #expect(outcome.lanes[place] == -1)
                        outcome.lanes[place] = lane
                    }
                    held[lane] += places
                case .nothingLeft: isOver[lane] = true
                }
            }
            // A lane that is free begins with what it holds, and asks.
            var began = false
            for lane in paces.indices where free[lane] <= now {
                guard !held[lane].isEmpty else { continue }
                let place = held[lane].removeFirst()
                free[lane] = now + Double(sizes[place]) * paces[lane]
                outcome.makespan = max(outcome.makespan, free[lane])
                if held[lane].isEmpty {
                    desk.ask(lane, at: now)
                    isAsking[lane] = true
                }
                began = true
            }
            if began { continue }
            guard let next = free.filter({ $0 > now }).min() else { break }
            now = next
        }
        return outcome
    }

    @Test("each place once, and none is forgotten", arguments: 0..<200)
    func complete(seed: Int) {
        var random = SplitMix(UInt64(seed))
        let lanes = random.integer(1...5)
        let sizes = (0..<random.integer(0...30)).map { _ in Float(random.integer(1...10)) }
        func paces() -> [Double] { (0..<lanes).map { _ in Double(random.integer(1...10)) } }
        let outcome = play(
            sizes: sizes, known: paces(), paces: paces(), ownLane: seed % 2 == 0 ? nil : random.integer(0...lanes - 1))
        #expect(!outcome.lanes.contains(-1), "\(outcome.lanes)")
    }

    @Test func aSlowLaneDoesNotHoldTheEndUp() {
        // One lane is ten times slower, which is unknown at first. If lanes took whatever is next, the run would end
        // with a microbatch of 10 s.
        let sizes = [Float](repeating: 1, count: 40)
        let outcome = play(sizes: sizes, known: [1, 1], paces: [1, 10])
        #expect(outcome.makespan <= 38)
        // 11 / 10 of 36.4, the time at which all would end together; two of the first microbatches are given before any
        // pace is known.
        let slow = outcome.lanes.filter { $0 == 1 }.count
        #expect((2...4).contains(slow))
    }

    @Test func chunksGoToWhoAsksFirst() {
        var desk = ChunkDesk([0..<3, 3..<5])
        for lane in [1, 0, 1] { desk.ask(lane, at: 0) }
        let answers = desk.answers(at: 0)
        #expect(answers.map(\.lane) == [1, 0, 1])
        #expect(answers.map(\.answer) == [.places(0..<3), .places(3..<5), .nothingLeft])
        #expect(desk.answers(at: 1).isEmpty)
    }

    @Test func othersHaveEnoughWhileTheDeskIsBusy() {
        // The lane of the desk is busy for 100 s: the other is given enough work for half of that time.
        var desk = LeastLoadedDesk(sizes: [100] + [Float](repeating: 1, count: 200), paces: [1, 1], ownLane: 0)
        desk.ask(0, at: 0)
        #expect(desk.answers(at: 0).map(\.answer) == [.places(0..<1)])
        desk.ask(0, at: 0)
        desk.ask(1, at: 0)
        #expect(desk.answers(at: 0).map(\.answer) == [.places(1..<51)])
    }

    @Test func ranksOfOneSpeedShareEvenly() {
        let outcome = play(sizes: [Float](repeating: 1, count: 30), known: [1, 1, 1], paces: [1, 1, 1])
        #expect(outcome.makespan == 10)
    }
}
