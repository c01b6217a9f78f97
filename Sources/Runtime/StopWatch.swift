internal import MPI
internal import Planning

/// Adds up this rank's time by activity.
struct StopWatch {
    private(set) var seconds: [Double] = [Double](repeating: 0, count: Timeline.Activity.allCases.count)

    /// Seconds now, on a clock that only goes forward.
    static var now: Double { MPISession.wallClock }

    /// Counts the time since `start` towards an activity and returns the time now.
    @discardableResult
    mutating func count(_ activity: Timeline.Activity, since start: Double) -> Double {
        let now = StopWatch.now
        seconds[StopWatch.place(activity)] += now - start
        return now
    }

    func total(_ activity: Timeline.Activity) -> Double { seconds[StopWatch.place(activity)] }

    private static func place(_ activity: Timeline.Activity) -> Int {
        switch activity {
        case .load: 0
        case .inputOutput: 1
        case .compute: 2
        case .wait: 3
        case .transfer: 4
        case .communicate: 5
        case .compile: 6
        }
    }
}
