internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The threads of a rank. The calling thread is one of them; the others sleep between calls.
///
/// Threads take tasks one by one from a shared counter, so that a slow core does not hold up the others. Kernels must
/// not let results depend on which thread ran what.
public final class WorkerPool: @unchecked Sendable {
    /// Runs everything on the thread that calls, and so may be shared by all of them.
    public static let caller = WorkerPool(threadCount: 1)

    public let threadCount: Int

    private typealias Body = (_ task: Int, _ thread: Int) -> Void

    /// Shared with the threads, which outlive no pool but must not own it.
    private final class State: @unchecked Sendable {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        let nextTask = Atomic<Int>(0)
        // The rest is guarded by the mutex.
        var generation = 0
        var running = 0
        var stops = false
        var taskCount = 0
        var body: UnsafePointer<Body>?

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(wake, nil)
            pthread_cond_init(done, nil)
        }

        deinit {
            pthread_cond_destroy(done)
            pthread_cond_destroy(wake)
            pthread_mutex_destroy(mutex)
            done.deallocate()
            wake.deallocate()
            mutex.deallocate()
        }

        func work(thread: Int, taskCount: Int, body: UnsafePointer<Body>) {
            while true {
                let task = nextTask.wrappingAdd(1, ordering: .relaxed).oldValue
                guard task < taskCount else { return }
                body.pointee(task, thread)
            }
        }

        /// What each helper thread does until the pool is freed.
        func loop(thread: Int) {
            var seen = 0
            pthread_mutex_lock(mutex)
            while true {
                while generation == seen && !stops { pthread_cond_wait(wake, mutex) }
                if stops { break }
                seen = generation
                let taskCount = taskCount
                let body = body!
                pthread_mutex_unlock(mutex)
                work(thread: thread, taskCount: taskCount, body: body)
                pthread_mutex_lock(mutex)
                running -= 1
                if running == 0 { pthread_cond_signal(done) }
            }
            pthread_mutex_unlock(mutex)
        }
    }

    private final class Start {
        let state: State
        let thread: Int
        init(_ state: State, _ thread: Int) {
            self.state = state
            self.thread = thread
        }
    }

    private let state = State()
    private var threads: [pthread_t] = []

    /// - Parameter threadCount: the calling thread included.
    public init(threadCount: Int) {
        var started = 1
        for thread in 1..<max(threadCount, 1) {
            var handle = pthread_t()
            let start = Unmanaged.passRetained(Start(state, thread))
            let status = pthread_create(
                &handle, nil,
                { argument in
                    let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                    start.state.loop(thread: start.thread)
                    return nil
                }, start.toOpaque())
            guard status == 0 else {
                // A node that refuses more threads still computes with those it gave.
                start.release()
                break
            }
            threads.append(handle)
            started += 1
        }
        self.threadCount = started
    }

    deinit {
        pthread_mutex_lock(state.mutex)
        state.stops = true
        pthread_cond_broadcast(state.wake)
        pthread_mutex_unlock(state.mutex)
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Runs `body(task, thread)` for each task in `0..<taskCount` and returns when all are done. Not reentrant.
    public func run(_ taskCount: Int, _ body: (_ task: Int, _ thread: Int) -> Void) {
        if threadCount == 1 || taskCount <= 1 {
            for task in 0..<max(taskCount, 0) { body(task, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { body in
                pthread_mutex_lock(state.mutex)
                state.nextTask.store(0, ordering: .relaxed)
                state.taskCount = taskCount
                state.body = body
                state.running = threads.count
                state.generation &+= 1
                pthread_cond_broadcast(state.wake)
                pthread_mutex_unlock(state.mutex)
                state.work(thread: 0, taskCount: taskCount, body: body)
                pthread_mutex_lock(state.mutex)
                while state.running > 0 { pthread_cond_wait(state.done, state.mutex) }
                state.body = nil
                pthread_mutex_unlock(state.mutex)
            }
        }
    }
}
