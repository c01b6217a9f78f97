import Graphs
import Tensors
import TestSupport

/// A model drawn at random: branches, skips, several inputs and outputs, outputs that are used again, inputs that are
/// outputs, constants of all kinds, results that nothing uses.
struct RandomModel {
    let graph: Graph
    let bound: BoundGraph

    /// Rows of every value: the items of a microbatch.
    static let items = 2

    init(_ random: inout SplitMix, nodeCount: Int) {
        var builder = Builder(&random)
        for index in 0..<nodeCount { builder.addNode(index, &random) }
        builder.chooseOutputs(&random)
        graph = builder.graph
        bound = try! BoundGraph(
            graph, inputTypes: graph.inputTypes(symbols: ["batch": RandomModel.items]),
            evaluate: { _, _, outputs in outputs.map { Tensor(zeros: $0.dtype, shape: $0.shape) } })
    }
}

private struct Builder {
    var graph = Graph(name: "random")
    /// What depends on an input: value and columns, each [batch, columns].
    private var flowing: [(value: ValueID, columns: Int)] = []
    private var bias: ValueID
    private var fileWeight: ValueID
    private var shape: ValueID

    init(_ random: inout SplitMix) {
        var flowing: [(value: ValueID, columns: Int)] = []
        for index in 0..<random.integer(1...3) {
            let columns = random.integer(1...4)
            let dimensions: [Dimension] = [.symbol("batch"), .fixed(columns)]
            flowing.append(
                (graph.addInput(named: "input\(index)", dtype: .float32, dimensions: dimensions), columns))
        }
        self.flowing = flowing
        bias = graph.addConstant(named: "bias", .tensor(Tensor([Float(1)])))
        let region = FileRegion(path: "/nowhere", offset: 0, byteCount: 4)
        fileWeight = graph.addConstant(named: "weight", .file(region, TensorType(.float32, [1])))
        // Known once the graph is bound, and no layer of any stage.
        let extents = graph.addNode(named: "extents", .shapeOf(ShapeOf()), [flowing[0].value])
        shape = graph.addNode(named: "folded", .cast(Cast(to: .float32)), [extents])
        // Computed while a rank loads, and no layer either.
        fileWeight = graph.addNode(named: "loadTime", .unary(Unary(.relu)), [fileWeight])
    }

    /// Recent values more often than old ones, so that there are chains as well as long skips.
    private func pick(_ random: inout SplitMix) -> (value: ValueID, columns: Int) {
        random.once(in: 3) ? random.choice(flowing) : random.choice(Array(flowing.suffix(3)))
    }

    mutating func addNode(_ index: Int, _ random: inout SplitMix) {
        let operand = pick(&random)
        let name = "layer\(index)"
        switch random.integer(0...5) {
        case 0:
            let fitting = flowing.filter { $0.columns == operand.columns || $0.columns == 1 }
            let other = random.choice(fitting)
            add(name, .binary(Binary(.add)), [operand.value, other.value], operand.columns)
        case 1:
            let constant = random.choice([bias, fileWeight])
            add(name, .binary(Binary(.multiply)), [operand.value, constant], operand.columns)
        case 2:
            let others = (0..<random.integer(1...2)).map { _ in pick(&random) }.filter { $0.columns < 40 }
            let all = [operand] + others
            add(name, .concatenation(Concatenation(axis: 1)), all.map(\.value), all.reduce(0) { $0 + $1.columns })
        case 3 where operand.columns >= 2:
            split(name, operand, &random)
        default:
            add(name, .unary(Unary(.relu)), [operand.value], operand.columns)
        }
    }

    private mutating func add(_ name: String, _ operation: Operation, _ inputs: [ValueID], _ columns: Int) {
        flowing.append((graph.addNode(named: name, operation, inputs), columns))
    }

    /// Two results, of which one may be left out.
    private mutating func split(_ name: String, _ operand: (value: ValueID, columns: Int), _ random: inout SplitMix) {
        let chunk = (operand.columns + 1) / 2
        var outputs: [ValueID?] = []
        for (part, columns) in [chunk, operand.columns - chunk].enumerated() {
            if part == 0 && random.once(in: 4) {
                outputs.append(nil)
                continue
            }
            let value = graph.addValue(named: "\(name).\(part)")
            outputs.append(value)
            flowing.append((value, columns))
        }
        graph.nodes.append(
            Node(name: name, operation: .split(Split(axis: 1, parts: 2)), inputs: [operand.value], outputs: outputs))
    }

    mutating func chooseOutputs(_ random: inout SplitMix) {
        var outputs: [ValueID] = [flowing.last!.value]
        for _ in 0..<random.integer(0...3) { outputs.append(random.choice(flowing).value) }
        if random.once(in: 8) { outputs.append(random.choice([bias, fileWeight, shape])) }
        for output in outputs.shuffled(using: &random) where !graph.outputs.contains(output) {
            graph.outputs.append(output)
        }
    }
}
