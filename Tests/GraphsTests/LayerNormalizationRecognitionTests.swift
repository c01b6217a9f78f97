import Graphs
import Tensors
import Testing

@Suite struct LayerNormalizationRecognitionTests {
    private struct Norm {
        var graph = Graph(name: "g")
        let x: ValueID
        let scale: ValueID
        let bias: ValueID
        let axes: ValueID
        private var count = 0

        init(axis: Int64 = -1) {
            x = graph.addInput(named: "x", dtype: .float32, dimensions: [.symbol("batch"), .symbol("n"), .fixed(4)])
            scale = Small.vector(&graph, "scale", [1, 2, 3, 4])
            bias = Small.vector(&graph, "bias", [1, 2, 3, 4])
            axes = graph.addConstant(named: "axes", .tensor(Tensor([axis])))
        }

        mutating func node(_ operation: Operation, _ inputs: ValueID...) -> ValueID {
            count += 1
            return graph.addNode(named: "node\(count)", operation, inputs)
        }

        mutating func number(_ number: Float) -> ValueID {
            count += 1
            return graph.addConstant(named: "number\(count)", .tensor(Tensor(scalar: number)))
        }

        mutating func mean(_ value: ValueID) -> ValueID { node(.reduction(Reduction(kind: .mean)), value, axes) }
        mutating func binary(_ function: BinaryFunction, _ a: ValueID, _ b: ValueID) -> ValueID {
            node(.binary(Binary(function)), a, b)
        }
        mutating func centred() -> ValueID { binary(.subtract, x, mean(x)) }
        mutating func square(_ value: ValueID, asPower: Bool) -> ValueID {
            asPower ? binary(.power, value, number(2)) : binary(.multiply, value, value)
        }
        mutating func deviation(_ square: ValueID) -> ValueID {
            node(.unary(Unary(.squareRoot)), binary(.add, mean(square), number(1e-6)))
        }
    }

    private func passed(_ norm: Norm, _ outputs: ValueID...) throws -> Graph {
        var graph = norm.graph
        graph.outputs = outputs
        return try Passes.standard(graph).graph
    }

    @Test("what PyTorch writes", arguments: [true, false]) func torch(asPower: Bool) throws {
        var norm = Norm()
        let centred = norm.centred()
        let deviation = norm.deviation(norm.square(centred, asPower: asPower))
        let scaled = norm.binary(.multiply, norm.binary(.divide, centred, deviation), norm.scale)
        let output = norm.binary(.add, scaled, norm.bias)
        let graph = try passed(norm, output)
        #expect(Small.names(graph) == ["LayerNormalization"])
        #expect(graph.nodes[0].inputs == [norm.x, norm.scale, norm.bias])
        guard case .layerNormalization(let attributes) = graph.nodes[0].operation else { return }
        #expect(attributes == LayerNormalization(axis: -1, epsilon: 1e-6))
        // Without a bias, too.
        let plain = try passed(norm, scaled)
        #expect(Small.names(plain) == ["LayerNormalization"])
        #expect(plain.nodes[0].inputs == [norm.x, norm.scale])
        // With the mean as an output of its own.
        let mean = norm.graph.nodes[0].outputs[0]!
        #expect(try !Small.names(passed(norm, output, mean)).contains("LayerNormalization"))
    }

    @Test("two differences, an axis counted from the front, a reciprocal") func variants() throws {
        var norm = Norm(axis: 2)
        let first = norm.centred()
        let second = norm.centred()
        let deviation = norm.deviation(norm.square(first, asPower: true))
        let inverse = norm.node(.unary(Unary(.reciprocal)), deviation)
        let output = norm.binary(
            .add, norm.bias, norm.binary(.multiply, norm.scale, norm.binary(.multiply, second, inverse)))
        #expect(try Small.names(passed(norm, output)) == ["LayerNormalization"])
    }

    @Test("what TensorFlow writes") func tensorflow() throws {
        var norm = Norm()
        let mean = norm.mean(norm.x)
        let centred = norm.binary(.subtract, norm.x, mean)
        let deviation = norm.deviation(norm.square(centred, asPower: false))
        let factor = norm.binary(.multiply, norm.node(.unary(Unary(.reciprocal)), deviation), norm.scale)
        let shift = norm.binary(.subtract, norm.bias, norm.binary(.multiply, mean, factor))
        let output = norm.binary(.add, norm.binary(.multiply, norm.x, factor), shift)
        let graph = try passed(norm, output)
        #expect(Small.names(graph) == ["LayerNormalization"])
        #expect(graph.nodes[0].inputs == [norm.x, norm.scale, norm.bias])
    }

    @Test("without the mean it is an RMS norm", arguments: 0..<3) func rootMeanSquare(variant: Int) throws {
        var norm = Norm()
        let deviation = norm.deviation(norm.square(norm.x, asPower: variant != 1))
        let normal: ValueID
        switch variant {
        case 0: normal = norm.binary(.multiply, norm.x, norm.node(.unary(Unary(.reciprocal)), deviation))
        case 1: normal = norm.binary(.divide, norm.x, deviation)
        default: normal = norm.binary(.multiply, norm.x, norm.binary(.divide, norm.number(1), deviation))
        }
        let result1 = norm.binary(.multiply, norm.scale, normal)
        let graph = try passed(norm, result1)
        #expect(Small.names(graph) == ["RMSNormalization"])
        #expect(graph.nodes[0].inputs == [norm.x, norm.scale])
    }

    @Test("another axis, or another mean, is left alone") func leftAlone() throws {
        var norm = Norm(axis: 1)
        let centred = norm.centred()
        let deviation = norm.deviation(norm.square(centred, asPower: true))
        let output = norm.binary(.multiply, norm.binary(.divide, centred, deviation), norm.scale)
        #expect(try !Small.names(passed(norm, output)).contains("LayerNormalization"))
        var other = Norm()
        let shifted = other.binary(.subtract, other.x, other.mean(other.node(.unary(Unary(.tanh)), other.x)))
        let root = other.deviation(other.square(shifted, asPower: true))
        let result = other.binary(.multiply, other.binary(.divide, shifted, root), other.scale)
        let names = Small.names(try passed(other, result))
        // What is left is the norm of the shifted numbers, without a mean of its own.
        #expect(names == ["Tanh", "ReduceMean", "Sub", "RMSNormalization"])
    }

    @Test("a soft maximum in its parts") func softmax() throws {
        var norm = Norm()
        let largest = norm.node(.reduction(Reduction(kind: .maximum)), norm.x, norm.axes)
        let powers = norm.node(.unary(Unary(.exponential)), norm.binary(.subtract, norm.x, largest))
        let sum = norm.node(.reduction(Reduction(kind: .sum)), powers, norm.axes)
        let output = norm.binary(.divide, powers, sum)
        let graph = try passed(norm, output)
        #expect(Small.names(graph) == ["Softmax"])
        #expect(try !Small.names(passed(norm, output, sum)).contains("Softmax"))
    }
}
