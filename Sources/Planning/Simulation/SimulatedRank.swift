/// What a rank does in a simulation, and what it has done.
struct SimulatedRank {
    /// The next action of its list.
    var next = 0
    var isWaiting = false
    var waitStart = 0.0
    /// When it checks again whether it can continue, where that is planned.
    var look = Double.infinity
    /// Whether it is doing something that takes longer when it handles a message.
    var isBusy = false
    /// Handling of messages during its current activity, which takes that much longer, in seconds.
    var debt = 0.0
    var end = 0.0

    // Seconds by activity. A dictionary would take more time than everything else in the simulation.
    private var inputOutput = 0.0
    private var compute = 0.0
    private var wait = 0.0
    private var transfer = 0.0
    private var communicate = 0.0

    mutating func spend(_ seconds: Double, on activity: Timeline.Activity) {
        switch activity {
        case .inputOutput: inputOutput += seconds
        case .compute: compute += seconds
        case .wait: wait += seconds
        case .transfer: transfer += seconds
        case .communicate: communicate += seconds
        case .load, .compile: preconditionFailure("nothing is loaded in a simulation")
        }
    }

    var seconds: [Timeline.Activity: Double] {
        let all: [Timeline.Activity: Double] = [
            .inputOutput: inputOutput, .compute: compute, .wait: wait, .transfer: transfer, .communicate: communicate,
        ]
        return all.filter { $0.value > 0 }
    }
}
