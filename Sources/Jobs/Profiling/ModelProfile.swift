public import Files
internal import FoundationEssentials
internal import Graphs
internal import Kernels
internal import Planning
internal import Tensors

/// What the layers of a model take on a processor, measured: a file that `plan` and `compare` read.
public struct ModelProfile: Sendable, Codable, Hashable {
    /// What the figures hold for. Where any of it is different, they hold no longer.
    public struct Conditions: Sendable, Codable, Hashable {
        /// Digest of the model.
        public let model: String
        /// Items in a microbatch.
        public let microbatch: Int
        /// Types of the model's inputs for a microbatch.
        public let inputs: [String]
        public let precision: String
        /// Of a rank.
        public let threads: Int
        /// As the system calls it.
        public let processor: String
        /// What kernels make of it.
        public let instructions: String

        /// - Parameter types: of the model's inputs for a full microbatch.
        init(
            model: String, microbatch: Int, types: [TensorType?], precision: JobSpecification.Precision, threads: Int
        ) {
            self.model = model
            self.microbatch = microbatch
            inputs = types.map { $0?.description ?? "?" }
            self.precision = precision.rawValue
            self.threads = threads
            processor = Processor.name
            instructions = InstructionSet.current
        }

        init(model: String, batching: InputBatching, precision: JobSpecification.Precision, threads: Int) {
            self.init(
                model: model, microbatch: batching.microbatchSize,
                types: batching.inputTypes(of: batching.representative), precision: precision, threads: threads)
        }
    }

    public struct Layer: Sendable, Codable, Hashable {
        public let name: String
        public let seconds: Double
    }

    public static let currentVersion = 1

    public let version: Int
    public let conditions: Conditions
    /// Ranks that measured at the same time; the figures are medians over them and over the rounds.
    public let ranks: Int
    public let rounds: Int
    /// Seconds of a microbatch on each rank that measured, files apart.
    public let rankSeconds: [Double]
    /// Speed of the product of two matrices on the ranks that measured: what brings the figures to ranks of another speed.
    public let flopsPerSecond: Double
    /// In the order in which they run.
    public let layers: [Layer]
    /// Seconds of a microbatch that no layer accounts for.
    public let rest: Double
    /// Seconds to read the items of a microbatch, by input.
    public let read: [String: Double]
    /// Seconds to write the outputs of a microbatch.
    public let write: Double

    /// Seconds of a microbatch on one rank, files apart.
    public var total: Double { layers.reduce(rest) { $0 + $1.seconds } }

    /// The cluster with its ranks as fast as they were in this profile. A model says more about a rank than one product
    /// of matrices does; differences within the error of a measurement are ignored.
    func levelled(_ cluster: Cluster) -> Cluster {
        guard cluster.ranks.count == rankSeconds.count else { return cluster }
        let typical = Statistics.median(rankSeconds)
        let speeds = SpeedClasses.levelled(
            rankSeconds.map { $0 > 0 ? flopsPerSecond * typical / $0 : flopsPerSecond }, tolerance: ModelProfile.noise)
        var cluster = cluster
        cluster.ranks = zip(cluster.ranks, speeds).map { rank, speed in
            Cluster.Rank(node: rank.node, flopsPerSecond: speed, memoryByteCount: rank.memoryByteCount)
        }
        return cluster
    }

    /// How far the slowest of equal ranks is behind the fastest on a machine that does other things too, as a share of it.
    private static let noise = 0.15

    /// The figures for the layers of a chain.
    func costs(of chain: LayerChain, graph: Graph, path: String) throws(JobError) -> LayerCosts {
        let seconds = Dictionary(layers.map { ($0.name, $0.seconds) }, uniquingKeysWith: +)
        // Those that are fused into another one have no time of their own, but a profile knows all layers.
        if let missing = chain.layers.first(where: { seconds[$0.name] == nil }) {
            throw JobError(
                "\(path): the profile has no layer '\(missing.name)': it is of another model; measure this one with "
                    + "'mpinfer profile'")
        }
        var reads: [ValueID: Double] = [:]
        for input in graph.inputs { reads[input.value] = read[graph.name(of: input.value)] }
        return LayerCosts(
            origin: .measured, flopsPerSecond: flopsPerSecond, layers: chain.layers.map { seconds[$0.name]! },
            stage: rest, read: reads, write: write)
    }

    /// Throws where the profile is of another model or precision. What only makes the figures less exact is a warning.
    func requireFit(_ wanted: Conditions, path: String, warnings: inout [String]) throws(JobError) {
        guard conditions.model == wanted.model else {
            throw JobError(
                "\(path): the profile is of another model (fingerprint \(conditions.model), the job's model has "
                    + "\(wanted.model)): measure this one with 'mpinfer profile'")
        }
        guard conditions.microbatch == wanted.microbatch, conditions.inputs == wanted.inputs else {
            throw JobError(
                "\(path): the profile is for microbatches of \(conditions.microbatch) items "
                    + "(\(conditions.inputs.joined(separator: ", "))), and the job has \(wanted.microbatch) "
                    + "(\(wanted.inputs.joined(separator: ", "))): measure this size with 'mpinfer profile'")
        }
        func warn(_ what: String, _ measured: String, _ wanted: String) {
            guard measured != wanted else { return }
            warnings.append("\(path): measured with \(what) \(measured), and the job has \(wanted)")
        }
        warn("precision", conditions.precision, wanted.precision)
        warn("threads", String(conditions.threads), String(wanted.threads))
        warn("processor", conditions.processor, wanted.processor)
        warn("instructions", conditions.instructions, wanted.instructions)
    }

    public func write(to file: DestinationFile) throws { try file.write(Array(try JSONLayout.pretty(self))) }

    public static func read(_ path: String) throws(JobError) -> ModelProfile {
        let profile = try JSONDocument.read(
            ModelProfile.self, path, kind: "profile", remedy: "measure one with 'mpinfer profile -o'")
        guard profile.version == currentVersion else {
            throw JobError(
                "\(path): profile version \(profile.version), and this mpinfer reads version \(currentVersion): measure "
                    + "anew with 'mpinfer profile'")
        }
        let figures = profile.layers.map(\.seconds) + [profile.rest, profile.write] + profile.read.values
        guard (figures + profile.rankSeconds).allSatisfy({ $0.isFinite && $0 >= 0 }), profile.flopsPerSecond.isFinite,
            profile.flopsPerSecond > 0
        else { throw JobError("\(path): a figure of the profile is negative: measure anew with 'mpinfer profile'") }
        return profile
    }
}
