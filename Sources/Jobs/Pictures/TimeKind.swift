internal import Planning

/// What a rank's time goes to, as pictures show it. The raw value is the class in style sheets.
enum TimeKind: String, Sendable, CaseIterable {
    case compute
    case inputOutput = "in-out"
    case communication, load, imbalance, bubble

    /// In legends.
    var label: String {
        switch self {
        case .compute: "compute"
        case .inputOutput: "in/out"
        case .communication: "communication"
        case .load: "load"
        case .imbalance: "imbalance"
        case .bubble: "bubble"
        }
    }

    /// Is hatched, in addition to its colour.
    var isHatched: Bool { self == .communication || self == .bubble }

    init(_ activity: Timeline.Activity) {
        switch activity {
        case .load, .compile: self = .load
        case .inputOutput: self = .inputOutput
        case .compute: self = .compute
        case .transfer, .communicate: self = .communication
        case .wait: self = .bubble
        }
    }

    /// This part of a rank's time, in seconds.
    func seconds(of rank: TimeBreakdown.Rank) -> Double {
        switch self {
        case .compute: rank.compute
        case .inputOutput: rank.inputOutput
        case .communication: rank.communication
        case .load: rank.load
        case .imbalance: rank.imbalance
        case .bubble: rank.bubble
        }
    }
}
