internal import CMPI

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What a wait that polls does between two polls: it lets others have the core, and asks from time to time whether to
/// give up.
struct Patience {
    /// Seconds between two calls of `shouldStop`, which may itself look for a message.
    static let interval = 100e-6
    private var nextQuestion = MPI_Wtime() + Patience.interval
    private var polls = 0

    /// Whether it is time to ask `shouldStop` again.
    mutating func isTimeToAsk() -> Bool {
        let now = MPI_Wtime()
        guard now >= nextQuestion else { return false }
        nextQuestion = now + Patience.interval
        return true
    }

    /// The first polls keep the core, for what is about to arrive. Later ones yield it to any process that can use it;
    /// with more ranks than cores that may be the rank waited for.
    mutating func pause() {
        polls += 1
        if polls > 20 { sched_yield() }
    }
}
