internal import CMPI

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How a wait that polls passes its time: lets others have the core between two looks, and asks now and then whether
/// to give up.
struct Patience {
    /// Seconds between two questions to `shouldStop`, which may itself look for a message.
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

    /// What is almost there is waited for on the core; otherwise the core goes to whoever wants it, which with more
    /// ranks than cores is the one waited for.
    mutating func pause() {
        polls += 1
        if polls > 20 { sched_yield() }
    }
}
