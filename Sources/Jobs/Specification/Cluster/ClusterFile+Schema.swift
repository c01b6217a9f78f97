extension ClusterFile {
    static let form = Form.record(
        "Cluster", ClusterFile(), "Nodes, what their ranks compute, and what messages between ranks take.",
        fields: [
            .required("version", \.version, .integer(version...version), "Version of this format."),
            .required(
                "nodes", \.nodes, .list(of: Nodes.form, count: 1...10_000),
                "The nodes; ranks count in their order unless the nodes number them."),
            .optional("within-node", \.withinNode, Link.form, "Messages between ranks of one node."),
            .optional("across-nodes", \.acrossNodes, Link.form, "Messages between nodes."),
            .optional(
                "links", \.links, .list(of: NamedLink.form, count: 0...10_000),
                "Links between two named nodes that are unlike the others."),
            .optional(
                "eager", \.eager, .integer(0...1 << 30),
                "Bytes up to which a message leaves without waiting for its receiver."),
            .optional(
                "measured", \.measured, Measured.form, "What the figures come from; nothing is planned with it."),
        ], check: { ClusterFileCheck($0, $1).report(to: &$2) })
}

extension ClusterFile.Nodes {
    static let form = Form.record(
        "Nodes", Self(), "Nodes that are alike.",
        fields: [
            .optional("name", \.name, .text("the name of a node"), "Of a single node; links and warnings use it."),
            .optional("count", \.count, .integer(1...1 << 20), "How many there are."),
            .required("ranks", \.ranks, .ranks(), "How many ranks each has, or the numbers of a single node's ranks."),
            .required(
                "gigaflops", \.gigaflops, .oneOrMore(of: .figure(.positive), count: 1...4096),
                "10^9 floating-point operations that a rank computes in a second, with its threads; or a list with a "
                    + "figure for each rank."),
            .optional(
                "memory", \.memory, .oneOrMore(of: .figure(.positive), count: 1...4096),
                "10^9 bytes that a rank may use, for weights, activations and messages; or a list."),
        ],
        check: { nodes, node, reader in
            if nodes.count > 1, let name = node["name"] {
                reader.report("a name is for one node, and there are \(nodes.count)", at: name.place)
            }
            if nodes.count > 1, case .numbers = nodes.ranks, let ranks = node["ranks"] {
                reader.report("ranks are numbered on one node, and there are \(nodes.count)", at: ranks.place)
            }
            for (key, figures) in [("gigaflops", nodes.gigaflops), ("memory", nodes.memory ?? [0])]
            where figures.count > 1 && figures.count != nodes.ranks.count {
                reader.report(
                    "\(key) has \(figures.count) figures for \(nodes.ranks.count) ranks: give one, or one for each",
                    at: node[key]?.place ?? node.place)
            }
        })
}

extension ClusterFile.Link {
    static let form = Form.record(
        "Link", Self(), "What a message takes.",
        fields: fields(
            \.latency, \.bandwidth, send: \.sendHandling, receive: \.receiveHandling, pieces: \.pieces))

    /// The keys of a link, for a record that has one.
    static func fields<Root>(
        _ latency: any WritableKeyPath<Root, Double> & Sendable,
        _ bandwidth: any WritableKeyPath<Root, Double> & Sendable,
        send: any WritableKeyPath<Root, Double> & Sendable, receive: any WritableKeyPath<Root, Double> & Sendable,
        pieces: any WritableKeyPath<Root, Int?> & Sendable
    ) -> [Field<Root>] {
        [
            .required("latency", latency, .figure(.positive), "Microseconds."),
            .required("bandwidth", bandwidth, .figure(.positive), "10^9 bytes per second."),
            .optional(
                "send-handling", send, .figure(.notNegative),
                "Nanoseconds for each byte that the sender computes longer while it sends."),
            .optional(
                "receive-handling", receive, .figure(.notNegative),
                "Nanoseconds for each byte that the receiver computes longer while it receives."),
            .optional(
                "pieces", pieces, .integer(1024...1 << 30),
                "Bytes of the pieces in which messages go that are longer than 'eager'; without it they go whole."),
        ]
    }
}

extension ClusterFile.NamedLink {
    static let form = Form.record(
        "Named link", Self(), "A link between two nodes.",
        fields: [
            .required(
                "between", \.between, .list(of: .text("the name of a node"), count: 2...2), "The names of two nodes.")
        ]
            + ClusterFile.Link.fields(
                \.link.latency, \.link.bandwidth, send: \.link.sendHandling, receive: \.link.receiveHandling,
                pieces: \.link.pieces))
}

extension Form where Value == Double {
    /// A number that stays one when units are changed.
    fileprivate static func figure(_ bound: Outline.NumberBound) -> Form {
        let number = Form.number(bound)
        return Form(outline: number.outline) { node, reader in
            guard let value = number.decode(node, &reader) else { return nil }
            guard value == 0 || 1e-9...1e9 ~= abs(value) else {
                reader.report("expected a number from 1e-9 to 1e9, found \(node.found)", at: node.place)
                return nil
            }
            return value
        } encode: {
            number.encode($0)
        }
    }
}

extension Form where Value == ClusterFile.RankSet {
    fileprivate static func ranks() -> Form {
        let count = Form<Int>.integer(1...4096)
        let numbers = Form<[Int]>.list(of: .integer(0...ClusterFileCheck.rankLimit), count: 1...4096)
        let outline = Outline.either([count.outline, numbers.outline])
        return Form(outline: outline) { node, reader in
            switch node.content {
            case .list: return numbers.decode(node, &reader).map(ClusterFile.RankSet.numbers)
            case .scalar: return count.decode(node, &reader).map(ClusterFile.RankSet.count)
            case .map:
                reader.expected(outline, found: node)
                return nil
            }
        } encode: {
            switch $0 {
            case .count(let value): count.encode(value)
            case .numbers(let values): numbers.encode(values)
            }
        }
    }
}
