/// What a user asks for: which model, on which inputs, cut how, and where the results go.
///
/// A value: rank 0 reads it from YAML (`load`) and broadcasts it (`Codable`). Paths in it are resolved already. What each
/// key means is written once, in `JobSpecification+Schema.swift`.
public struct JobSpecification: Sendable, Codable, Hashable {
    /// The only version of the format that this program reads.
    public static let version = 1

    public var version = JobSpecification.version
    /// Path of the model's file or folder; nil where there are several.
    public var model: String?
    /// The models of a chain, in the order they run.
    public var models: [ModelReference] = []
    /// Values of the model's symbolic dimensions other than the batch.
    public var dimensions: [String: Int] = [:]
    /// The input of a model that has one.
    public var input: Input?
    /// The inputs of the model by their names.
    public var inputs: [String: Input] = [:]
    public var join = Join.name
    /// Nil where nothing is to be made of the tokens' vectors except what the model's folder says.
    public var embeddings: Embeddings?
    /// Path of a file with the name of a class on each line.
    public var classes: String?
    public var labels: Labels?
    /// Nil where nothing is to be written.
    public var outputs: Outputs?
    public var parallelism = Parallelism()
    public var schedule = Schedule()
    /// Per rank.
    public var threads = Count.automatic
    public var precision = Precision.float32

    /// A number that the program may choose itself.
    public enum Count: Sendable, Codable, Hashable {
        case automatic
        case exactly(Int)

        /// Nil where the program may choose.
        public var exact: Int? { if case .exactly(let count) = self { count } else { nil } }
    }

    /// A model of a chain.
    public struct ModelReference: Sendable, Codable, Hashable {
        public var path = ""
        /// For inputs that take a tensor of another name: that name by the input's.
        public var wire: [String: String] = [:]

        public init(path: String = "", wire: [String: String] = [:]) {
            self.path = path
            self.wire = wire
        }
    }

    /// How the model is cut across the ranks.
    public struct Parallelism: Sendable, Codable, Hashable {
        /// Number of pipeline stages; automatic: as many as the ranks of each replica.
        public var pipeline = Count.automatic
        /// Replicas of the pipeline; automatic: as many as are predicted to be fastest.
        public var data = Count.exactly(1)
        /// How microbatches are shared out over the replicas.
        public var distribution = Distribution.cyclic
        /// For `dynamic`: how many microbatches a replica takes at once.
        public var chunks = Chunks.fixed
        /// For `chunks: fixed`: so many.
        public var chunk = 1
        public var strategy = Strategy.flops
        /// For `manual`: the names of the nodes that begin a stage, the first stage's left out.
        public var cuts: [String] = []
        /// For `random`.
        public var seed = 0
        /// Path of a cluster file, for strategies that depend on the ranks and the network.
        public var cluster: String?
        /// Path of a profile; nil to look into the cache.
        public var profile: String?
    }

    /// Which replica computes what.
    public enum Distribution: String, Sendable, Codable, SpecificationChoice, LosslessStringConvertible {
        case cyclic
        case roundRobin = "round-robin"
        case block, random
        case byShape = "by-shape"
        case bySize = "by-size"
        case weighted
        case longestFirst = "longest-first"
        case dynamic
        case leastLoaded = "least-loaded"

        var help: String {
            switch self {
            case .cyclic: "microbatches go to the replicas in turn"
            case .roundRobin: "another name for `cyclic`"
            case .block: "each replica has microbatches that follow one another"
            case .random: "drawn by `seed`, as many for each replica"
            case .byShape: "microbatches of equal shapes go to one replica, as far as all stay equally busy"
            case .bySize: "each replica has microbatches of similar size, and all are equally busy"
            case .weighted: "in turn, and to each replica in proportion to its speed"
            case .longestFirst: "the most expensive first, each to the replica that is done with it first"
            case .dynamic: "decided in the run: a replica that has nothing to do takes the next `chunks`"
            case .leastLoaded:
                "decided in the run: rank 0 gives each microbatch to the replica that is expected to be done with it first"
            }
        }

        public init?(_ description: String) { self.init(rawValue: description) }
        public var description: String { rawValue }
    }

    /// How many microbatches a replica takes at once.
    public enum Chunks: String, Sendable, Codable, SpecificationChoice {
        case fixed, guided, factoring

        var help: String {
            switch self {
            case .fixed: "always `chunk`"
            case .guided: "the remaining ones over the replicas: long chunks first, single ones last"
            case .factoring: "rounds of equal chunks, each round half of what remains"
            }
        }
    }

    /// Where a pipeline is cut.
    public enum Strategy: String, Sendable, Codable, SpecificationChoice, LosslessStringConvertible {
        case uniform, parameters, flops, memory, profiled, optimal, random, manual

        var help: String {
            switch self {
            case .uniform: "the same number of layers in each stage"
            case .parameters: "the same weight of parameters in each stage"
            case .flops: "the slowest stage as fast as possible, by operations, transfers counted"
            case .memory: "the same memory in each stage: weights, activations, messages"
            case .profiled: "the slowest stage as fast as possible, by the times that `mpinfer profile` measured"
            case .optimal:
                "the fastest plan for the ranks, their memory and the network, by measured times where there are any"
            case .random: "anywhere, by `seed`: a baseline to compare with"
            case .manual: "where `cuts` says"
            }
        }

        public init?(_ description: String) { self.init(rawValue: description) }
        public var description: String { rawValue }
    }

    /// In what portions the items travel.
    public struct Schedule: Sendable, Codable, Hashable {
        /// Items per microbatch; automatic: what is predicted to be fastest.
        public var microbatch = Count.exactly(1)
        /// Padded extents are multiples of this.
        public var padding = 8
    }

    /// In what numbers the model is computed.
    public enum Precision: String, Sendable, Codable, SpecificationChoice {
        case float32

        var help: String { "as the model was trained" }
    }
}
