import Synchronization
import TestSupport
import Testing

@testable import Kernels

/// Threads that share out tasks.
@Suite struct WorkerPoolTests {
    /// How often each task ran; tasks of other threads count up at the same time.
    private final class Tally: Sendable {
        private let counts: Mutex<[Int]>

        init(_ taskCount: Int) { counts = Mutex([Int](repeating: 0, count: taskCount)) }

        func count(_ task: Int) { counts.withLock { $0[task] += 1 } }
        var isOnceEach: Bool { counts.withLock { $0.allSatisfy { $0 == 1 } } }
    }

    @Test(.timeLimit(.minutes(2)), arguments: 1...4)
    func everyTaskRunsOnce(threadCount: Int) {
        let pool = WorkerPool(threadCount: threadCount)
        #expect(pool.threadCount == threadCount)
        var random = SplitMix(UInt64(threadCount))
        var failures = 0
        for round in 0..<5000 {
            let taskCount = round % 7 == 0 ? random.integer(0...100) : random.integer(0...6)
            let tally = Tally(taskCount)
            let strays = Atomic<Int>(0)
            pool.run(taskCount) { task, thread in
                if thread < 0 || thread >= threadCount { strays.wrappingAdd(1, ordering: .relaxed) }
                tally.count(task)
            }
            if !tally.isOnceEach || strays.load(ordering: .relaxed) > 0 { failures += 1 }
        }
        #expect(failures == 0)
    }

    /// Scratch memory goes by thread number, so no two tasks that run at once may have the same.
    @Test(.timeLimit(.minutes(1)), arguments: 2...4)
    func tasksAtOnceHaveThreadsOfTheirOwn(threadCount: Int) {
        let pool = WorkerPool(threadCount: threadCount)
        let isBusy = Mutex([Bool](repeating: false, count: threadCount))
        let clashes = Atomic<Int>(0)
        let work = Atomic<Int>(0)
        for _ in 0..<500 {
            pool.run(16) { task, thread in
                let wasBusy = isBusy.withLock { busy in
                    defer { busy[thread] = true }
                    return busy[thread]
                }
                if wasBusy { clashes.wrappingAdd(1, ordering: .relaxed) }
                for _ in 0..<(task * 20) { work.wrappingAdd(1, ordering: .relaxed) }
                isBusy.withLock { $0[thread] = false }
            }
        }
        #expect(clashes.load(ordering: .relaxed) == 0)
    }

    /// What tasks wrote is there when `run` is back, without a lock of their own.
    @Test(.timeLimit(.minutes(1)), arguments: 1...4)
    func resultsAreThereAfterwards(threadCount: Int) {
        let pool = WorkerPool(threadCount: threadCount)
        let memory = UnsafeMutableBufferPointer<Int>.allocate(capacity: 64)
        defer { memory.deallocate() }
        memory.initialize(repeating: 0)
        var wrong = 0
        for round in 1...3000 {
            let start = memory.baseAddress!
            pool.run(64) { task, _ in start[task] = round * task }
            if (0..<64).contains(where: { start[$0] != round * $0 }) { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func poolsComeAndGo() {
        let total = Atomic<Int>(0)
        for round in 0..<300 {
            let pool = WorkerPool(threadCount: 1 + round % 4)
            // Some go before their threads have woken once.
            if round % 3 > 0 { pool.run(5) { _, _ in total.wrappingAdd(1, ordering: .relaxed) } }
        }
        #expect(total.load(ordering: .relaxed) == 1000)
    }

    @Test func oddCountsAreTaken() {
        #expect(WorkerPool(threadCount: 0).threadCount == 1)
        #expect(WorkerPool(threadCount: -3).threadCount == 1)
        WorkerPool(threadCount: 2).run(-1) { _, _ in Issue.record("there is no task") }
    }
}
