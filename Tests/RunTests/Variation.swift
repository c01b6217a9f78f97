import FoundationEssentials
import TestSupport

/// A way to run a model that must not change a bit of what comes out.
struct Variation: CustomStringConvertible {
    enum Strategy: Hashable {
        case uniform, parameters, flops
        /// Cuts drawn at random. Odd seeds prefer places inside what a kernel fuses: before activations and additions.
        case manual(seed: Int)
    }

    /// Of each replica: as many as there are stages.
    let ranks: Int
    let strategy: Strategy
    let threads: Int
    /// Whether messages go in pieces, as between nodes of a calibrated cluster.
    var isInPieces = false
    /// Of the whole pipeline.
    var replicas = 1
    /// Of microbatches over replicas.
    var distribution = "cyclic"

    var rankCount: Int { ranks * replicas }

    static let distributions = ["cyclic", "dynamic", "block", "least-loaded", "random", "longest-first", "by-size"]

    static let rankCounts = [1, 2, 3, 5, 8]
    static let threadCounts = [1, 2, 3]

    /// Every combination.
    static let all: [Variation] =
        rankCounts.flatMap { ranks in
            ([.uniform, .parameters, .flops] + (0..<6).map(Strategy.manual)).flatMap { strategy in
                threadCounts.map { Variation(ranks: ranks, strategy: strategy, threads: $0, isInPieces: $0 == 2) }
            }
        } + dataParallel

    private static let dataParallel: [Variation] = [1, 2, 3].flatMap { ranks in
        [2, 3, 4].flatMap { replicas in
            distributions.enumerated().map { number, distribution in
                Variation(
                    ranks: ranks, strategy: .manual(seed: number), threads: 1 + number % 2, isInPieces: number == 1,
                    replicas: replicas, distribution: distribution)
            }
        }
    }

    /// A few; those of 60 numbers in a row have every number of ranks with every strategy and number of threads. Where these
    /// are few, some have replicas.
    static func few(_ numbers: Range<Int>) -> [Variation] {
        numbers.map { number in
            let strategies: [Strategy] = [.manual(seed: 2 * number + 1), .flops, .parameters, .uniform]
            let ranks = rankCounts[number % 5]
            return Variation(
                ranks: ranks, strategy: strategies[number % 4], threads: threadCounts[number % 3],
                isInPieces: number % 2 == 1, replicas: ranks <= 3 ? 1 + number / 5 % 3 : 1,
                distribution: distributions[number % distributions.count])
        }
    }

    /// As many nodes as there are ranks at most. Messages above 256 bytes have a few hundred pieces at most, or go whole.
    private static let cluster = """
        version: 1
        nodes: [{count: 12, ranks: 1, gigaflops: 50}]
        across-nodes: {latency: 25, bandwidth: 1, pieces: 4000}
        eager: 256
        """

    /// For `mpinfer run`.
    func arguments(_ layers: [Layer], _ job: TestJob) throws -> [String] {
        var common = ["-q", "--set", "threads=\(threads)", "--set"]
        if isInPieces {
            try job.folder.write(Variation.cluster, to: "pieces.yaml")
            common.insert(contentsOf: ["--set", "parallelism.cluster=\(job.folder.path)/pieces.yaml"], at: 1)
        }
        if replicas > 1 {
            common.insert(
                contentsOf: [
                    "--set", "parallelism.data=\(replicas)", "--set", "parallelism.distribution=\(distribution)",
                ], at: 1)
        }
        switch strategy {
        case .uniform: return common + ["parallelism.strategy=uniform"]
        case .parameters: return common + ["parallelism.strategy=parameters"]
        case .flops: return common + ["parallelism.strategy=flops"]
        case .manual(let seed):
            let names = cuts(layers, seed: seed).map { quoted(layers[$0].name) }
            let cuts = "cuts: [\(names.joined(separator: ", "))]"
            let cluster = isInPieces ? ", cluster: \(quoted("\(job.folder.path)/pieces.yaml"))" : ""
            let data = "data: \(replicas), distribution: \(distribution)"
            return ["-q", "--set", "threads=\(threads)", "--set"]
                + ["parallelism={strategy: manual, \(data), \(cuts)\(cluster)}"]
        }
    }

    /// The layers that begin a stage.
    private func cuts(_ layers: [Layer], seed: Int) -> [Int] {
        var random = SplitMix(state: UInt64(seed))
        var places = Array(1..<layers.count).shuffled(using: &random)
        if seed % 2 == 1 { places = places.filter { layers[$0].isFused } + places.filter { !layers[$0].isFused } }
        return places.prefix(ranks - 1).sorted()
    }

    var description: String {
        "\(replicas) x \(ranks) ranks, \(strategy), \(threads) threads" + (isInPieces ? ", messages in pieces" : "")
            + (replicas > 1 ? ", \(distribution)" : "")
    }
}

/// A layer as mpinfer plans it.
struct Layer: Decodable {
    let name: String
    let `operator`: String

    /// Whether kernels may do it along with the layer before.
    var isFused: Bool {
        ["Add", "Relu", "Clip", "Sigmoid", "HardSwish", "HardSigmoid", "LeakyRelu", "Tanh", "Elu"].contains(`operator`)
    }
}

extension TestJob {
    /// The layers that the model's plan shares out, in order.
    func layers(model: String) throws -> [Layer] {
        struct Plan: Decodable {
            struct Stage: Decodable { let layers: [String] }
            let stages: [Stage]
        }
        struct Inspection: Decodable { let layers: [Layer] }
        let plan = try MPInfer.run(["plan", specification, "--ranks", "1", "--json"])
        let inspection = try MPInfer.run(["inspect", model, "--json"])
        let operators = Dictionary(
            try inspection.decoded(Inspection.self).layers.map { ($0.name, $0.operator) }, uniquingKeysWith: { $1 })
        return try plan.decoded(Plan.self).stages.flatMap(\.layers).map { name in
            Layer(name: name, operator: operators[name] ?? "")
        }
    }
}

extension ProcessRun {
    /// Standard output as JSON.
    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard succeeded else { throw Failure("\(self)") }
        return try JSONDecoder().decode(type, from: Data(stdout.utf8))
    }
}

/// splitmix64: the same numbers in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
