internal import MPI

/// Shows how far a job is: a bar on a terminal, a line from time to time anywhere else.
final class ProgressDisplay {
    private let say: (String) -> Void
    private let unit: String
    private let isTerminal: Bool
    private let start = MPISession.wallClock
    private var lastShown = 0.0
    private var barIsShown = false

    /// Seconds between two updates.
    private var interval: Double { isTerminal ? 0.1 : 10 }
    private static let width = 30

    /// - Parameters:
    ///   - unit: what is counted.
    ///   - say: where lines go when there is no terminal.
    init(isTerminal: Bool, unit: String = "microbatches", say: @escaping (String) -> Void) {
        self.say = say
        self.unit = unit
        self.isTerminal = isTerminal
    }

    func show(_ done: Int, of total: Int) {
        let now = MPISession.wallClock
        guard now - max(lastShown, start) >= interval || (isTerminal && done == total) else { return }
        lastShown = now
        let share = total > 0 ? Double(done) / Double(total) : 1
        let rate = Double(done) / max(now - start, 1e-9)
        let left = rate > 0 ? Int((Double(total - done) / rate).rounded(.up)) : 0
        guard isTerminal else {
            say("\(done) of \(total) \(unit), \(left) s left")
            return
        }
        let filled = Int(share * Double(ProgressDisplay.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: ProgressDisplay.width - filled)
        StandardStreams.error("\r[\(bar)] \(Int(share * 100)) %  \(done)/\(total)  \(left) s left \u{1B}[K")
        barIsShown = true
    }

    /// Removes the bar, so that what follows is on a line of its own.
    func finish() {
        if barIsShown { StandardStreams.error("\r\u{1B}[K") }
        barIsShown = false
    }
}
