import TestSupport
import Testing

@testable import Kernels

/// Where buffers go that live over some steps each.
@Suite struct MemoryPlanTests {
    private func randomBuffers(_ random: inout SplitMix) -> [MemoryPlan.Buffer] {
        let count = random.integer(0...60)
        let steps = random.integer(1...40)
        let longest = random.choice([1, 3, 10, 40])
        let sizeLimit = random.choice([1, 64, 1000, 1 << 20])
        return (0..<count).map { _ in
            let first = random.integer(-1...steps)
            return MemoryPlan.Buffer(
                byteCount: random.integer(0...sizeLimit), steps: first...(first + random.integer(0...longest)))
        }
    }

    /// What a buffer takes: whole cache lines, and at least one.
    private func room(_ buffer: MemoryPlan.Buffer) -> Int { max((buffer.byteCount + 63) / 64 * 64, 64) }

    @Test func liveBuffersNeverShareBytes() {
        var random = SplitMix(30)
        var overhead = (sum: 0.0, worst: 1.0, count: 0)
        for _ in 0..<2000 {
            let buffers = randomBuffers(&random)
            let plan = MemoryPlan(buffers)
            #expect(plan.offsets.count == buffers.count)
            for (index, buffer) in buffers.enumerated() {
                let offset = plan.offsets[index]
                #expect(offset >= 0 && offset % 64 == 0 && offset + buffer.byteCount <= plan.byteCount)
                for other in 0..<index where buffers[other].steps.overlaps(buffer.steps) {
                    let isBelow = offset + room(buffer) <= plan.offsets[other]
                    let isAbove = plan.offsets[other] + room(buffers[other]) <= offset
                    #expect(isBelow || isAbove, "buffers \(other) and \(index) of \(buffers) at \(plan.offsets)")
                }
            }
            #expect(plan.byteCount <= buffers.reduce(0) { $0 + room($1) })
            let steps = Set(buffers.flatMap { [$0.steps.lowerBound, $0.steps.upperBound] })
            let bound = steps.map { step in buffers.reduce(0) { $0 + ($1.steps.contains(step) ? room($1) : 0) } }.max()
            #expect(plan.byteCount >= bound ?? 0)
            guard let bound, bound > 0 else { continue }
            let ratio = Double(plan.byteCount) / Double(bound)
            overhead = (overhead.sum + ratio, max(overhead.worst, ratio), overhead.count + 1)
        }
        let mean = overhead.sum / Double(overhead.count)
        print("memory plans: \(mean) of the lower bound on average, \(overhead.worst) at worst")
        #expect(mean < 1.1)
    }

    @Test func nothingNeedsNothing() {
        #expect(MemoryPlan([]).byteCount == 0)
        #expect(MemoryPlan([]).offsets == [])
    }

    @Test func buffersOfOtherTimesShareBytes() {
        let plan = MemoryPlan([
            .init(byteCount: 100, steps: 0...1), .init(byteCount: 100, steps: 2...3),
            .init(byteCount: 100, steps: 1...2),
        ])
        #expect(plan.offsets[0] == plan.offsets[1])
        #expect(plan.offsets[2] == 128 && plan.byteCount == 256)
    }
}
