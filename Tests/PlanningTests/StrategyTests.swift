import Graphs
import TestSupport
import Testing

@testable import Planning

/// The strategies by name, and what they say where they cannot do as asked.
@Suite struct StrategyTests {
    private static func chain(_ names: [String]) -> LayerChain {
        let layers = names.enumerated().map { index, name in
            LayerChain.Layer(
                node: NodeID(index), name: name, operatorName: "Relu", flops: Double(index + 1), parameterCount: index,
                parameterByteCount: 4 * index)
        }
        return LayerChain(layers: layers, cutByteCounts: [Double](repeating: 0, count: names.count + 1))
    }

    private static let eachNames = "; each names the first layer of a stage after the first"
    private static let six = chain(["conv1", "relu1", "pool1", "conv2", "relu2", "fc"])

    private static func cut(_ strategy: any PartitionStrategy, _ stageCount: Int) throws -> [Int] {
        try strategy.placement(for: PartitionProblem(six, stageCount: stageCount)).boundaries
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func uniformSharesLayersEvenly() throws {
        for layerCount in 1...40 {
            let chain = StrategyTests.chain((0..<layerCount).map { "layer\($0)" })
            for stageCount in 1...layerCount {
                let starts = UniformStrategy().placement(for: PartitionProblem(chain, stageCount: stageCount))
                    .boundaries
                let counts = zip(starts, starts.dropFirst() + [layerCount]).map { $1 - $0 }
                #expect(starts.first == 0 && counts.count == stageCount)
                #expect(counts.max()! - counts.min()! <= 1 && counts.min()! >= 1)
                #expect(counts == counts.sorted(by: >))
            }
        }
    }

    @Test func strategiesFillEveryStage() throws {
        let chain = StrategyTests.six
        for name in PartitionStrategies.names where name != "manual" && name != "profiled" {
            let strategy = try PartitionStrategies.named(name)
            #expect(type(of: strategy).name == name)
            for stageCount in 1...6 {
                let starts = try strategy.placement(for: PartitionProblem(chain, stageCount: stageCount)).boundaries
                #expect(starts.count == stageCount && starts.first == 0 && starts.last! < 6)
                #expect(zip(starts, starts.dropFirst()).allSatisfy(<))
            }
        }
    }

    @Test func balancesByWhatTheNameSays() throws {
        // Flops 1...6 in halves: 1+2+3+4 against 5+6. Parameters 0...5: 0+1+2+3 against 4+5.
        #expect(try StrategyTests.cut(FlopsStrategy(), 2) == [0, 4])
        #expect(try StrategyTests.cut(ParametersStrategy(), 2) == [0, 4])
        #expect(try StrategyTests.cut(ParametersStrategy(), 6) == [0, 1, 2, 3, 4, 5])
    }

    @Test func manualCutsWhereTheUserSays() throws {
        let strategy = try PartitionStrategies.named("manual", cuts: ["pool1", "fc"])
        #expect(try StrategyTests.cut(strategy, 3) == [0, 2, 5])
        #expect(try StrategyTests.cut(ManualStrategy(firstLayers: []), 1) == [0])
    }

    @Test(arguments: [
        (["pool1"], 3, "3 stages need 2 manual cuts, and 1 is given\(eachNames)"),
        (["pool1"], 1, "1 stage needs 0 manual cuts, and 1 is given\(eachNames)"),
        ([], 2, "2 stages need 1 manual cut, and 0 are given\(eachNames)"),
        (["POOL1"], 2, "there is no layer 'POOL1' to cut before; 'mpinfer inspect' lists the names (nearest: 'pool1')"),
        (["pool"], 2, "there is no layer 'pool' to cut before; 'mpinfer inspect' lists the names (nearest: 'pool1')"),
        (["xyz"], 2, "there is no layer 'xyz' to cut before; 'mpinfer inspect' lists the names"),
        (["conv1"], 2, "the cut before 'conv1' leaves an empty stage: cuts go in the order of the layers"),
        (["fc", "pool1"], 3, "the cut before 'pool1' leaves an empty stage: cuts go in the order of the layers"),
        (["fc", "fc"], 3, "the cut before 'fc' leaves an empty stage: cuts go in the order of the layers"),
    ])
    func manualSaysWhatIsWrong(cuts: [String], stageCount: Int, sentence: String) {
        let strategy = ManualStrategy(firstLayers: cuts)
        #expect(message { _ = try StrategyTests.cut(strategy, stageCount) } == sentence)
    }

    @Test func unknownStrategiesAreNamedWithTheKnownOnes() {
        #expect(
            message { _ = try PartitionStrategies.named("greedy") }
                == "there is no strategy 'greedy'; choose one of uniform, parameters, flops, memory, profiled, "
                + "optimal, random, manual")
    }

    @Test func stageCountsMustFitTheModel() throws {
        var random = SplitMix(3)
        let model = RandomModel(&random, nodeCount: 4)
        let chain = LayerChain(model.bound)
        let count = chain.layers.count
        func plan(_ chain: LayerChain, _ stageCount: Int) throws -> PartitionPlan {
            try PartitionPlan.requireLayers(chain, stageCount: stageCount)
            return try PartitionPlan(
                model.bound, PartitionProblem(chain, stageCount: stageCount), strategy: UniformStrategy(),
                microbatchSize: 2, modelFingerprint: "f")
        }
        for stageCount in 1...count { #expect(try plan(chain, stageCount).stages.count == stageCount) }
        #expect(
            message { _ = try plan(chain, count + 1) }
                == "\(count + 1) pipeline stages are asked for, and the model has \(count) layers to share out: use at "
                + "most \(count) ranks, or set parallelism.pipeline to \(count) or less")
        #expect(
            message { _ = try plan(chain, 0) } == "0 pipeline stages are asked for, and a pipeline has at least 1")
        #expect(
            message { _ = try plan(LayerChain(layers: [], cutByteCounts: [0]), 1) }
                == "the model has no layer that depends on its inputs: there is nothing to share out")
    }
}
