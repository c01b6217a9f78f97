import Graphs
import Kernels
import Tensors
import TestSupport
import Testing

/// Where items are said to lie in the outputs of random networks, against runs in which one item is another.
struct ItemAxesRunTests {
    @Test func otherItemsStay() throws {
        var random = SplitMix(50)
        let file = try WeightFile(&random)
        let count = 3
        var followed = 0
        var mixed = 0
        for _ in 0..<150 {
            let network = RandomNetwork(
                &random, nodeCount: random.integer(1...25), isLarge: false, weights: file.region)
            let graph = network.graph
            let bound = try BoundGraph(
                graph, inputTypes: graph.inputTypes(symbols: ["batch": count]), evaluate: ConstantEvaluation.evaluator)
            let places = ItemAxes(bound, itemCount: count, inputs: Set(graph.inputs.map(\.value)))
            func inputs() -> [ValueID: Tensor] {
                var inputs: [ValueID: Tensor] = [:]
                for input in graph.inputs {
                    let type = bound.type(of: input.value)!
                    inputs[input.value] = .random(type.dtype, type.shape, in: -2...2, using: &random)
                }
                return inputs
            }
            let (first, second) = (inputs(), inputs())
            let results = try Reference.values(bound, inputs: first)
            mixed += graph.outputs.count { places[$0] == .mixed }
            for item in 0..<count {
                let changed = first.merging(second) { $0.replacing(item, with: $1) }
                let others = try Reference.values(bound, inputs: changed)
                for output in graph.outputs {
                    let items = results[output]!.itemsThatDiffer(from: others[output]!, places[output], count: count)
                    #expect(
                        items.isSubset(of: [item]) && (places[output] != .nowhere || items.isEmpty),
                        "item \(item) changes \(items) of value \(output.index) in \(network.description)")
                    followed += items == [item] ? 1 : 0
                }
            }
        }
        print("items followed to \(followed) outputs, lost before \(mixed)")
        #expect(followed > 500 && mixed * 20 < followed)
    }
}

extension Tensor {
    /// A copy with one index of the first axis from another tensor.
    fileprivate func replacing(_ index: Int, with other: Tensor) -> Tensor {
        let copy = Tensor(uninitialized: dtype, shape: shape)
        let row = byteCount / shape[0]
        copy.withMutableBytes { bytes in
            withBytes { bytes.copyBytes(from: $0) }
            other.withBytes {
                bytes[(index * row)..<((index + 1) * row)].copyBytes(from: $0[(index * row)..<((index + 1) * row)])
            }
        }
        return copy
    }

    /// The items with elements whose bytes differ; all where any differs and they lie nowhere, none where they are mixed.
    fileprivate func itemsThatDiffer(from other: Tensor, _ place: ItemAxes.Place, count: Int) -> Set<Int> {
        guard place != .mixed else { return [] }
        let (mine, theirs) = (bytes, other.bytes)
        var items: Set<Int> = []
        for byte in mine.indices where mine[byte] != theirs[byte] {
            guard case .axis(let axis) = place else { return Set(0..<count) }
            let element = byte / dtype.byteCount
            items.insert(element / shape.strides[axis] % shape[axis] / (shape[axis] / count))
        }
        return items
    }
}
