internal import Planning

extension ClusterFile {
    /// What a calibration measured, for people to look at and for warnings.
    struct Measured: Sendable, Hashable {
        /// By node.
        var hosts: [String] = []
        /// By rank; those of `nodes` are levelled.
        var gigaflops: [Double] = []
        /// 10^9 bytes that each rank reads and writes in a second.
        var memoryBandwidth: [Double] = []
        var messages: [Messages] = []
        var collectives: [Collective] = []
        var relay: Relay?
        var findings: [String] = []
    }

    /// Messages between two ranks.
    struct Messages: Sendable, Hashable {
        var ranks: [Int] = []
        /// In microseconds; see `Link`.
        var latency = 1.0
        var bandwidth = 1.0
        var bytes: [Int] = []
        /// One way, the median.
        var median: [Double] = []
        var fastest: [Double] = []
    }

    struct Collective: Sendable, Hashable {
        var kind = ""
        var bytes: [Int] = []
        /// The median, in microseconds.
        var median: [Double] = []
    }

    /// Messages from node to node, one after another.
    struct Relay: Sendable, Hashable {
        var bytes = 0
        var pieces = 0
        /// Microseconds from one message to the next, whole and in pieces.
        var whole = 0.0
        var inPieces = 0.0
    }

    /// The host of each rank by its calibration; nil for a file that no calibration wrote.
    var measuredHosts: [String]? {
        guard let measured, measured.hosts.count == cluster.nodeCount else { return nil }
        return cluster.ranks.map { measured.hosts[$0.node] }
    }
}

extension Cluster {
    fileprivate var nodeCount: Int { (ranks.map(\.node).max() ?? -1) + 1 }
}

extension ClusterFile.Measured {
    private static let sizes = Form<[Int]>.list(of: .integer(0...1 << 40))
    private static let times = Form<[Double]>.list(of: .number(.notNegative))

    static let form = Form.record(
        "Measured", Self(), "What a calibration measured.",
        fields: [
            .optional("hosts", \.hosts, .list(of: .text("the name of a host")), "As MPI names them, by node."),
            .optional(
                "gigaflops", \.gigaflops, .list(of: .number(.notNegative), count: 0...1 << 20),
                "10^9 floating-point operations of each rank in a second."),
            .optional(
                "memory-bandwidth", \.memoryBandwidth, .list(of: .number(.notNegative), count: 0...1 << 20),
                "10^9 bytes that each rank reads and writes in a second while all do."),
            .optional("messages", \.messages, .list(of: messages), "Messages between two ranks."),
            .optional("collectives", \.collectives, .list(of: collective), "Operations of all ranks."),
            .optional(
                "relay", \.relay, relay, "Messages from node to node, one after another, as a pipeline sends them."),
            .optional("findings", \.findings, .list(of: .text("a sentence")), "What stands out."),
        ])

    private static let messages = Form.record(
        "Messages", ClusterFile.Messages(), "Messages between two ranks.",
        fields: [
            .required("ranks", \.ranks, .list(of: .integer(0...1 << 20), count: 2...2), "The two ranks."),
            .required("latency", \.latency, .number(.notNegative), "Microseconds."),
            .required("bandwidth", \.bandwidth, .number(.notNegative), "10^9 bytes per second."),
            .required("bytes", \.bytes, sizes, "Sizes."),
            .required("median", \.median, times, "Microseconds one way, by size."),
            .required("fastest", \.fastest, times, "The same of the fastest message."),
        ])

    private static let relay = Form.record(
        "Relay", ClusterFile.Relay(), "Messages from node to node.",
        fields: [
            .required("bytes", \.bytes, .integer(0...1 << 40), "Of a message."),
            .required("pieces", \.pieces, .integer(1...1 << 40), "Of a piece."),
            .required("whole", \.whole, .number(.notNegative), "Microseconds from one whole message to the next."),
            .required("in-pieces", \.inPieces, .number(.notNegative), "The same of messages in pieces."),
        ])

    private static let collective = Form.record(
        "Collective", ClusterFile.Collective(), "An operation of all ranks.",
        fields: [
            .required("kind", \.kind, .text("the name of an operation"), "all-reduce or all-gather."),
            .required("bytes", \.bytes, sizes, "Sizes of the result."),
            .required("median", \.median, times, "Microseconds on the slowest rank, by size."),
        ])
}
