import Graphs
import Planning
import Tensors
import TestSupport
import Testing

@testable import Kernels

/// A graph compiled stage by stage, as the ranks of a job would hold it; all in one process.
final class CompiledModel {
    /// What one rank keeps from shape to shape.
    struct Rank {
        let weights: StageWeights
        let arena: Arena
    }

    let bound: BoundGraph
    let plan: PartitionPlan
    private let programs: [StageProgram]
    private let ranks: [Rank]

    /// - Parameters:
    ///   - starts: the layers that stages begin with.
    ///   - ranks: of another compilation, for other shapes of the same plan.
    init(_ bound: BoundGraph, starts: [Int], pool: WorkerPool, ranks: [Rank]? = nil) throws {
        self.bound = bound
        let plan = PartitionPlan(
            bound, chain: LayerChain(bound), placement: Placement(boundaries: starts), strategy: "random",
            microbatchSize: 1,
            modelFingerprint: "f")
        let own = ranks ?? starts.map { _ in Rank(weights: StageWeights(bound.graph), arena: Arena()) }
        self.plan = plan
        self.ranks = own
        programs = try own.indices.map { stage in
            try StageProgram(
                bound, part: plan.part(of: stage), weights: own[stage].weights, arena: own[stage].arena, pool: pool)
        }
    }

    var shared: [Rank] { ranks }
    var weightByteCount: Int { ranks.reduce(0) { $0 + $1.weights.byteCount } }

    /// Runs stage after stage, each in memory full of garbage, and checks that none writes what is not its own.
    func run(_ inputs: [ValueID: Tensor]) throws -> [ValueID: Tensor] {
        var values = inputs
        for (program, rank) in zip(programs, ranks) {
            rank.arena.pointer.initializeMemory(as: UInt8.self, repeating: 0xCD, count: rank.arena.byteCount)
            #expect(program.arenaByteCount <= rank.arena.byteCount)
            let taken = program.part.inputs.map { GuardedTensor(values[$0]!) }
            let before = taken.map(\.tensor.bytes)
            let given = program.outputTypes.map { GuardedTensor($0!) }
            try program.run(inputs: taken.map(\.tensor), outputs: given.map(\.tensor))
            #expect(taken.map(\.tensor.bytes) == before, "a stage wrote into its inputs")
            for tensor in taken + given { #expect(tensor.isUnharmed, "a stage wrote past its tensors") }
            for (value, result) in zip(program.part.outputs, given) { values[value] = result.tensor }
        }
        return values
    }
}
