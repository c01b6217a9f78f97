extension ClusterFile {
    /// The file as YAML, with what people need to know of its units; reads back to the same value.
    ///
    /// - Parameter heading: comment lines in front.
    public func text(heading: [String] = []) -> String {
        var lines = heading.map { "# \($0)" }
        lines += [
            "version: \(version)", "nodes:                       # gigaflops: 10^9 operations a second of a rank",
        ]
        lines += nodes.map { "  - \(flow($0))" }
        if withinNode != nil || acrossNodes != nil || !links.isEmpty {
            lines += [
                "# Latency in microseconds, bandwidth in 10^9 bytes per second. Handling: nanoseconds for each byte",
                "# that a rank computes longer while it sends or receives. Pieces: bytes, where long messages go in pieces.",
            ]
        }
        if let withinNode { lines.append("within-node: {\(members(withinNode))}") }
        if let acrossNodes { lines.append("across-nodes: {\(members(acrossNodes))}") }
        if !links.isEmpty {
            lines.append("links:                       # unlike the others")
            lines += links.map { "  - {between: \(list($0.between.map(quoted))), \(members($0.link))}" }
        }
        lines.append("eager: \(eager)                 # bytes up to which a message does not wait for its receiver")
        if let measured { lines += text(measured) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(_ measured: Measured) -> [String] {
        var lines = [
            "# What was measured, for people: nothing is planned with it. Times in microseconds.", "measured:",
            "  hosts: \(list(measured.hosts.map(quoted)))",
            "  gigaflops: \(list(measured.gigaflops.map(\.description)))   # by rank; above, those that are alike have one figure",
            "  memory-bandwidth: \(list(measured.memoryBandwidth.map(\.description)))   # 10^9 bytes per second, by rank",
        ]
        if !measured.messages.isEmpty {
            lines.append("  messages:")
            for pair in measured.messages {
                lines += [
                    "    - ranks: \(list(pair.ranks.map(\.description)))",
                    "      latency: \(pair.latency)", "      bandwidth: \(pair.bandwidth)",
                    "      bytes: \(list(pair.bytes.map(\.description)))",
                    "      median: \(list(pair.median.map(\.description)))",
                    "      fastest: \(list(pair.fastest.map(\.description)))",
                ]
            }
        }
        if !measured.collectives.isEmpty {
            lines.append("  collectives:")
            for collective in measured.collectives {
                lines += [
                    "    - kind: \(quoted(collective.kind))",
                    "      bytes: \(list(collective.bytes.map(\.description)))",
                    "      median: \(list(collective.median.map(\.description)))",
                ]
            }
        }
        if let relay = measured.relay {
            lines.append(
                "  relay: {bytes: \(relay.bytes), pieces: \(relay.pieces), whole: \(relay.whole), in-pieces: \(relay.inPieces)}"
            )
        }
        if !measured.findings.isEmpty {
            lines.append("  findings:")
            lines += measured.findings.map { "    - \(quoted($0))" }
        }
        return lines
    }

    private func flow(_ nodes: Nodes) -> String {
        var members: [String] = []
        if let name = nodes.name { members.append("name: \(quoted(name))") }
        if nodes.count != 1 { members.append("count: \(nodes.count)") }
        switch nodes.ranks {
        case .count(let count): members.append("ranks: \(count)")
        case .numbers(let numbers): members.append("ranks: \(list(numbers.map(\.description)))")
        }
        members.append("gigaflops: \(figures(nodes.gigaflops))")
        if let memory = nodes.memory { members.append("memory: \(figures(memory))") }
        return "{\(members.joined(separator: ", "))}"
    }

    private func members(_ link: Link) -> String {
        var members = ["latency: \(link.latency)", "bandwidth: \(link.bandwidth)"]
        if link.sendHandling != 0 { members.append("send-handling: \(link.sendHandling)") }
        if link.receiveHandling != 0 { members.append("receive-handling: \(link.receiveHandling)") }
        if let pieces = link.pieces { members.append("pieces: \(pieces)") }
        return members.joined(separator: ", ")
    }

    private func figures(_ figures: [Double]) -> String {
        figures.count == 1 ? figures[0].description : list(figures.map(\.description))
    }

    private func list(_ elements: [String]) -> String { "[\(elements.joined(separator: ", "))]" }

    /// As it is where YAML reads it as text, else in quotes.
    private func quoted(_ text: String) -> String {
        let isPlain =
            text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains($0))
            }
            && text.unicodeScalars.first.map { $0.properties.isAlphabetic } == true
        if isPlain, SpecificationNode.Scalar(plain: text) == .text(text) { return text }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case " "..."~": String(scalar)
            default:
                "\\U" + String(repeating: "0", count: 8 - String(scalar.value, radix: 16).count)
                    + String(scalar.value, radix: 16)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
