public import Tensors

/// The memory that one rank finds where it runs, for all that is to come.
public struct MemoryRoom: Sendable, Codable, Hashable {
    /// Ranks of one name share `limits.node`, where they name the same origin.
    public let host: String
    public let limits: MemoryLimits

    public init(host: String, limits: MemoryLimits) {
        self.host = host
        self.limits = limits
    }
}

extension MemoryNeed {
    /// Throws where the stages of a plan need more than their ranks find, before any rank begins: what follows would be
    /// the end of a process without any message.
    ///
    /// - Parameter rooms: by rank.
    public func requireRoom(for plan: PartitionPlan, in rooms: [MemoryRoom]) throws(PlanningError) {
        struct Place: Hashable {
            let host: String
            let node: MemoryLimits.Limit
        }
        var order: [Place] = []
        var ranks: [Place: [Int]] = [:]
        var sums: [Place: Int] = [:]
        /// Stages whose weights are there already.
        var held: [Place: Set<Int>] = [:]
        let stages = plan.stagesByRank
        for (rank, room) in rooms.enumerated() {
            let own = rank < stages.count ? stages[rank] : []
            let need = unmappedByteCount(of: own)
            let (use, overflow) = room.limits.processUse.addingReportingOverflow(need)
            guard !overflow, use <= room.limits.process.byteCount else {
                throw MemoryNeed.error(
                    "rank \(rank) on \(room.host)", [rank], need: use, limit: room.limits.process, plural: false)
            }
            let place = Place(host: room.host, node: room.limits.node)
            if ranks[place] == nil { order.append(place) }
            ranks[place, default: []].append(rank)
            let sum = sums[place, default: 0]
            var shared = 0
            for stage in own where !held[place, default: []].insert(stage).inserted {
                shared += sharedByteCounts[stage]
            }
            sums[place] = min(1 << 62, sum) + min(1 << 60, need - min(need, shared)) + room.limits.use
        }
        for place in order {
            guard let sum = sums[place], sum > place.node.byteCount, let members = ranks[place] else { continue }
            let shown = members.prefix(8).map(String.init).joined(separator: ", ") + (members.count > 8 ? ", ..." : "")
            throw MemoryNeed.error(
                "rank\(members.count == 1 ? "" : "s") \(shown) on \(place.host)", members, need: sum, limit: place.node,
                plural: members.count > 1)
        }
    }

    private static func error(
        _ subject: String, _ ranks: [Int], need: Int, limit: MemoryLimits.Limit, plural: Bool
    ) -> PlanningError {
        let remedy =
            plural
            ? "start fewer ranks on a node and more nodes, make schedule.microbatch smaller"
            : "use more ranks on more nodes, make schedule.microbatch smaller"
        return PlanningError(
            "\(subject) need\(plural ? "" : "s") \(MemoryShortage.megabytes(Double(need))) for \(plural ? "their stages" : "its stage"), "
                + "and \(limit.origin) leaves \(MemoryShortage.megabytes(Double(limit.byteCount))): \(remedy), or ask for "
                + "more memory")
    }
}
