/// The ways (interfaces and links) that messages use in a simulation, until when each is occupied, and what waits for
/// it.
///
/// Messages between nodes go through the interfaces of both nodes, those within a node through the processors of both
/// ranks; on every way, one after another. A message that waits for its receiver's end leaves its sender's end free for
/// others.
struct SimulatedNetwork {
    /// A message whose data may be sent.
    struct Transfer {
        let edge: Int
        let microbatch: Int
        let byteCount: Double
        let isEager: Bool
        /// Of those that wait for a way, the first one is sent first.
        let number: Int
    }

    enum Outcome {
        /// It is in transit: when its last byte will have left, and when it will have arrived.
        case started(departure: Double, arrival: Double)
        /// It waits for a way, alone so far or with others.
        case waits(way: Int, isFirst: Bool)
    }

    /// How the messages of one edge are sent between two ranks.
    struct Route {
        /// Ranks.
        let from: Int
        let to: Int
        let link: Cluster.Link
        /// Ways that the message occupies for as long as it needs on an interface.
        fileprivate let out: Int
        fileprivate let into: Int
        /// Of the interfaces, in bytes per second.
        let interfaceBandwidth: Double
        /// The way between two nodes whose link is unlike the others.
        let between: Int?
    }

    private let rules: ScheduleRules
    /// By edge, by the team that sends, by the team that receives.
    private let routes: [Route]
    /// By edge: its first route.
    private let firstRoutes: [Int]
    /// By way: when it is free again.
    private(set) var free: [Double]
    /// By way, by number.
    private var waiting: [[Transfer]]

    init(_ rules: ScheduleRules, _ cluster: Cluster) {
        let plan = rules.plan
        let nodeCount = (cluster.ranks.map(\.node).max() ?? 0) + 1
        // Out of and into each node, out of and into each rank, and links that are unlike the others.
        var wayCount = 2 * (nodeCount + cluster.ranks.count)
        var unlike: [[Int]: Int] = [:]
        var routes: [Route] = []
        routes.reserveCapacity(plan.edges.count)
        var firstRoutes: [Int] = []
        func add(from: Int, to: Int) {
            let (source, destination) = (cluster.ranks[from].node, cluster.ranks[to].node)
            let isWithin = source == destination
            var between: Int?
            if cluster.unlikeLinks[Cluster.NodePair(source, destination)] != nil, !isWithin {
                between = unlike[[source, destination], default: wayCount]
                unlike[[source, destination]] = between
                if between == wayCount { wayCount += 1 }
            }
            let link = cluster.link(from: from, to: to)
            routes.append(
                Route(
                    from: from, to: to, link: link, out: isWithin ? 2 * (nodeCount + from) : 2 * source,
                    into: 1 + (isWithin ? 2 * (nodeCount + to) : 2 * destination),
                    interfaceBandwidth: between == nil ? link.bandwidth : cluster.acrossNodes.bandwidth,
                    between: between))
        }
        for edge in plan.edges {
            firstRoutes.append(routes.count)
            for sender in plan.stages[edge.from].teams {
                for receiver in plan.stages[edge.to].teams { add(from: sender.lead, to: receiver.lead) }
            }
        }
        self.rules = rules
        self.routes = routes
        self.firstRoutes = firstRoutes
        free = [Double](repeating: 0, count: wayCount)
        waiting = [[Transfer]](repeating: [], count: wayCount)
    }

    /// By edge: a number for the pair of ranks that it connects; nil where two pairs share a way.
    var channels: [Int]? {
        var numbers: [[Int]: Int] = [:]
        var owners = [Int](repeating: -1, count: free.count)
        var found: [Int] = []
        found.reserveCapacity(routes.count)
        for route in routes {
            let number = numbers[[route.from, route.to], default: numbers.count]
            numbers[[route.from, route.to]] = number
            for case let way? in [route.out, route.into, route.between] {
                guard owners[way] < 0 || owners[way] == number else { return nil }
                owners[way] = number
            }
            found.append(number)
        }
        return found
    }

    /// The route of a message.
    func route(_ edge: Int, _ microbatch: Int) -> Route {
        let (source, target) = (rules.sources[edge], rules.targets[edge])
        return routes[
            firstRoutes[edge] + rules.team(of: source, for: microbatch) * rules.teamCount(of: target)
                + rules.team(of: target, for: microbatch)]
    }

    /// Starts a message if its way is free.
    mutating func begin(_ transfer: Transfer, at now: Double) -> Outcome {
        let route = route(transfer.edge, transfer.microbatch)
        if let way = busyWay(of: route, before: transfer.number, at: now) {
            let place = waiting[way].firstIndex { $0.number > transfer.number } ?? waiting[way].count
            waiting[way].insert(transfer, at: place)
            return .waits(way: way, isFirst: waiting[way].count == 1)
        }
        let seconds = route.link.transferSeconds(transfer.byteCount)
        // A slow link between two nodes leaves their interfaces free for others earlier.
        let through = min(seconds, transfer.byteCount / route.interfaceBandwidth)
        free[route.out] = now + through
        free[route.into] = now + through
        if let between = route.between { free[between] = now + seconds }
        return .started(departure: now + seconds, arrival: now + seconds + route.link.latency)
    }

    /// Removes and returns the messages that wait for a way; the caller begins them again.
    mutating func takeWaiting(for way: Int) -> [Transfer] {
        let all = waiting[way]
        waiting[way] = []
        return all
    }

    /// Of a route's ways that are occupied, or that other messages have waited for longer, the one that is free last.
    private func busyWay(of route: Route, before number: Int, at now: Double) -> Int? {
        var busy: Int?
        func look(_ way: Int) {
            guard free[way] > now || !waiting[way].isEmpty && waiting[way][0].number < number else { return }
            if let other = busy, free[other] >= free[way] { return }
            busy = way
        }
        look(route.out)
        look(route.into)
        if let between = route.between { look(between) }
        return busy
    }
}
