/// Which lane computes which microbatch, and in which order: the result of a distribution for the microbatches of a
/// job.
///
/// Where lanes are chosen during the run, it is a prediction, in which a rank replaces each lane when it learns it.
public struct LaneSharing: Sendable, Codable, Hashable {
    public let microbatchCount: Int
    /// By microbatch; empty where there is one lane.
    private(set) var lanes: [Int32]
    /// Microbatches in the order in which they are begun; empty where that is the order of their numbers.
    let order: [Int32]
    /// By microbatch: how many microbatches of the collecting rank's own lane are done before it is; empty where there
    /// is one lane.
    let turns: [Int32]
    /// The order in which results are collected; empty where that is by turn, and then by number.
    let collecting: [Int32]
    /// By lane: seconds for a full microbatch, as predicted; only where lanes are chosen during the run.
    private(set) var paces: [Double] = []

    /// Everything on one lane.
    init(single microbatchCount: Int, order: [Int32] = []) {
        self.init(microbatchCount: microbatchCount, lanes: [], order: order, turns: [], collecting: [])
    }

    private init(microbatchCount: Int, lanes: [Int32], order: [Int32], turns: [Int32], collecting: [Int32]) {
        self.microbatchCount = microbatchCount
        self.lanes = lanes
        self.order = order
        self.turns = turns
        self.collecting = collecting
    }

    /// The result of a plan's policy.
    ///
    /// - Parameter paces: by lane: seconds that it takes for a full microbatch, once it is full. Nil where all lanes
    ///   are equally fast.
    public init(_ plan: PartitionPlan, work: WorkTable, paces: [Double]? = nil) {
        let laneCount = plan.laneCount
        guard laneCount > 1 else {
            self.init(single: work.count, order: work.order)
            return
        }
        let distribution = plan.policy.distribution
        let paces = paces ?? [Double](repeating: 1, count: laneCount)
        precondition(paces.count == laneCount)
        guard distribution.usesCosts else {
            self.init(order: work.order, lanes: distribution.lanes(work, laneCount: laneCount), laneCount: laneCount)
            return
        }
        var load = LaneLoad(work, paces)
        let order = distribution.share(work, over: &load)
        self.init(order: order, load)
        if distribution.isDecidedInTheRun { self.paces = paces }
    }

    /// Lanes without times: the first microbatches of all lanes are assumed to be done at the same time, then the
    /// second ones, and so on.
    private init(order: [Int32], lanes: [Int32], laneCount: Int) {
        var counts = [Int32](repeating: 0, count: laneCount)
        var turns = [Int32](repeating: 0, count: lanes.count)
        func count(_ microbatch: Int) {
            let lane = Int(lanes[microbatch])
            turns[microbatch] = counts[lane]
            counts[lane] += 1
        }
        for place in lanes.indices { count(order.isEmpty ? place : Int(order[place])) }
        self.init(microbatchCount: lanes.count, lanes: lanes, order: order, turns: turns, collecting: [])
    }

    /// Lanes whose microbatches are expected to be done at the given times.
    private init(order: [Int32], _ load: LaneLoad) {
        let count = load.lanes.count
        let collecting = (0..<Int32(count)).sorted {
            (load.ends[Int($0)], load.lanes[Int($0)], $0) < (load.ends[Int($1)], load.lanes[Int($1)], $1)
        }
        var turns = [Int32](repeating: 0, count: count)
        var own: Int32 = 0
        for microbatch in collecting {
            turns[Int(microbatch)] = own
            if load.lanes[Int(microbatch)] == 0 { own += 1 }
        }
        let isOwnOrder = order.indices.allSatisfy { order[$0] == $0 }
        self.init(
            microbatchCount: count, lanes: load.lanes, order: isOwnOrder ? [] : order, turns: turns,
            collecting: collecting)
    }

    mutating func give(_ microbatch: Int, to lane: Int) { lanes[microbatch] = Int32(lane) }

    /// By lane: how many microbatches it has.
    public func counts(laneCount: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: laneCount)
        for lane in lanes { counts[Int(lane)] += 1 }
        if lanes.isEmpty { counts[0] = microbatchCount }
        return counts
    }
}

/// What lanes have been given, and when they are expected to finish it.
struct LaneLoad {
    /// By lane: seconds for a full microbatch.
    let paces: [Double]
    private let sizes: [Float]
    /// By lane: when it has finished all that it has.
    private(set) var clocks: [Double]
    /// By microbatch.
    private(set) var lanes: [Int32]
    private(set) var ends: [Double]

    init(_ work: WorkTable, _ paces: [Double]) {
        self.paces = paces
        sizes = work.sizes
        clocks = paces.map { _ in 0 }
        lanes = [Int32](repeating: 0, count: work.count)
        ends = [Double](repeating: 0, count: work.count)
    }

    func seconds(_ microbatch: Int32, on lane: Int) -> Double { Double(sizes[Int(microbatch)]) * paces[lane] }

    mutating func give(_ microbatch: Int32, to lane: Int) {
        clocks[lane] += seconds(microbatch, on: lane)
        lanes[Int(microbatch)] = Int32(lane)
        ends[Int(microbatch)] = clocks[lane]
    }

    /// The lane that would be the first to finish one more microbatch; the first of several.
    func earliest(_ microbatch: Int32) -> Int {
        clocks.indices.min { clocks[$0] + seconds(microbatch, on: $0) < clocks[$1] + seconds(microbatch, on: $1) }!
    }

    /// The lane that has nothing to do first.
    var idlest: Int { clocks.indices.min { clocks[$0] < clocks[$1] }! }
}

extension Distribution {
    /// By microbatch: its lane, for distributions that do not use costs.
    fileprivate func lanes(_ work: WorkTable, laneCount: Int) -> [Int32] {
        let count = work.count
        // By place in the order.
        let places: [Int32]
        switch self {
        case .block: places = (0..<count).map { Int32($0 * laneCount / max(1, count)) }
        case .random(let seed):
            var drawn = (0..<count).map { Int32($0 % laneCount) }
            var draws = SplitMix64(state: seed)
            drawn.shuffle(using: &draws)
            places = drawn
        default: places = (0..<count).map { Int32($0 % laneCount) }
        }
        guard !work.order.isEmpty else { return places }
        var lanes = places
        for (place, microbatch) in work.order.enumerated() { lanes[Int(microbatch)] = places[place] }
        return lanes
    }

    /// Gives each microbatch to a lane.
    ///
    /// - Returns: the order in which they are begun.
    fileprivate func share(_ work: WorkTable, over load: inout LaneLoad) -> [Int32] {
        var sequence = work.sequence
        switch self {
        case .cyclic, .block, .random: preconditionFailure("costs do not count")
        case .weighted:
            // Each goes to the lane that is farthest behind its share, which is in proportion to its speed.
            var counts = load.paces.map { _ in 0.0 }
            for microbatch in sequence {
                let lane = counts.indices.min {
                    (counts[$0] + 1) * load.paces[$0] < (counts[$1] + 1) * load.paces[$1]
                }!
                counts[lane] += 1
                load.give(microbatch, to: lane)
            }
        case .longestFirst:
            sequence = work.stable(sequence) { work.sizes[Int($0)] > work.sizes[Int($1)] }
            for microbatch in sequence { load.give(microbatch, to: load.earliest(microbatch)) }
        case .byShape:
            // In the order in which shapes first occur.
            var places: [Int32: Int] = [:]
            for microbatch in sequence where places[work.shapes[Int(microbatch)]] == nil {
                places[work.shapes[Int(microbatch)]] = places.count
            }
            sequence = work.stable(sequence) {
                places[work.shapes[Int($0)]]! < places[work.shapes[Int($1)]]!
            }
            load.giveParts(of: sequence)
        case .bySize:
            sequence = work.stable(sequence) { work.sizes[Int($0)] > work.sizes[Int($1)] }
            load.giveParts(of: sequence)
        case .dynamic(let chunking):
            for chunk in chunking.chunks(microbatchCount: work.count, laneCount: load.paces.count) {
                let lane = load.idlest
                for microbatch in sequence[chunk] { load.give(microbatch, to: lane) }
            }
        case .leastLoaded:
            for microbatch in sequence { load.give(microbatch, to: load.earliest(microbatch)) }
        }
        return sequence
    }
}

extension WorkTable {
    /// A list put in order; equal elements keep their order.
    fileprivate func stable(_ list: [Int32], by precedes: (Int32, Int32) -> Bool) -> [Int32] {
        list.enumerated().sorted { left, right in
            if precedes(left.element, right.element) { return true }
            return !precedes(right.element, left.element) && left.offset < right.offset
        }.map(\.element)
    }
}

extension LaneLoad {
    /// The first part of a list to the first lane, and so on, so that all finish at the same time.
    fileprivate mutating func giveParts(of list: [Int32]) {
        // A lane's part of the work is in proportion to its speed.
        let speeds = paces.map { 1 / $0 }
        let speed = speeds.reduce(0, +)
        let total = list.reduce(0) { $0 + Double(sizes[Int($1)]) }
        var (lane, given, limit) = (0, 0.0, total * speeds[0] / speed)
        for microbatch in list {
            let size = Double(sizes[Int(microbatch)])
            // A lane takes a microbatch when at least half of it fits.
            while lane + 1 < paces.count, given + size / 2 > limit {
                lane += 1
                limit += total * speeds[lane] / speed
            }
            give(microbatch, to: lane)
            given += size
        }
    }
}
