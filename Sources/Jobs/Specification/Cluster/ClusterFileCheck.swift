/// What must hold between the keys of a cluster file.
struct ClusterFileCheck {
    static let rankLimit = 1 << 20

    private let file: ClusterFile
    private let node: SpecificationNode

    init(_ file: ClusterFile, _ node: SpecificationNode) {
        self.file = file
        self.node = node
    }

    func report(to reader: inout SpecificationReader) {
        checkNames(&reader)
        checkRanks(&reader)
        checkLinks(&reader)
    }

    private func place(_ key: String, _ index: Int, _ inner: String, _ position: Int? = nil) -> SpecificationPlace {
        guard case .list(let elements)? = node[key]?.content, elements.indices.contains(index) else {
            return node.place
        }
        let found = elements[index][inner]
        if let position, case .list(let members)? = found?.content, members.indices.contains(position) {
            return members[position].place
        }
        return found?.place ?? elements[index].place
    }

    private func checkNames(_ reader: inout SpecificationReader) {
        var seen: Set<String> = []
        for (index, nodes) in file.nodes.enumerated() {
            guard let name = nodes.name, !seen.insert(name).inserted else { continue }
            reader.report("two nodes are called '\(name)'", at: place("nodes", index, "name"))
        }
    }

    private func checkRanks(_ reader: inout SpecificationReader) {
        var total = 0
        var numbered: [Int] = []
        var hasCounts = false
        for (index, nodes) in file.nodes.enumerated() {
            total += nodes.count * nodes.ranks.count
            switch nodes.ranks {
            case .count: hasCounts = true
            case .numbers(let numbers): numbered += numbers
            }
            guard total <= ClusterFileCheck.rankLimit else {
                let limit = ClusterFileCheck.rankLimit
                return reader.report("more than \(limit) ranks in all", at: place("nodes", index, "ranks"))
            }
            guard numbered.isEmpty || !hasCounts else {
                return reader.report(
                    "number the ranks of all nodes, or of none", at: place("nodes", index, "ranks"))
            }
        }
        guard !numbered.isEmpty else { return }
        var places = [Int](repeating: 0, count: total)
        for (index, nodes) in file.nodes.enumerated() {
            guard case .numbers(let numbers) = nodes.ranks else { continue }
            for (position, number) in numbers.enumerated() {
                let fault =
                    number >= total
                    ? "there are \(total) ranks, numbered from 0 to \(total - 1), and none is \(number)"
                    : places[number] > 0 ? "rank \(number) is already on another place" : nil
                if let fault { return reader.report(fault, at: place("nodes", index, "ranks", position)) }
                places[number] += 1
            }
        }
    }

    private func checkLinks(_ reader: inout SpecificationReader) {
        let names = file.nodes.compactMap(\.name)
        let known = Set(names)
        var seen: Set<[String]> = []
        for (index, link) in file.links.enumerated() {
            var areKnown = true
            for (position, name) in link.between.enumerated() where !known.contains(name) {
                areKnown = false
                let hint = NearestName.hint(name, among: names)
                reader.report(
                    "no node is called '\(name)'\(hint)", at: place("links", index, "between", position))
            }
            guard areKnown else { continue }
            if link.between[0] == link.between[1] {
                reader.report(
                    "a link is between two nodes, and this is from '\(link.between[0])' to itself: see within-node",
                    at: place("links", index, "between"))
            } else if !seen.insert(link.between.sorted()).inserted {
                reader.report(
                    "the link between '\(link.between[0])' and '\(link.between[1])' stands here twice",
                    at: place("links", index, "between"))
            }
        }
    }
}
