import Graphs
import Tensors
import Testing

@Suite struct AttentionRecognitionTests {
    /// Two linear layers' worth of heads, as exporters take them apart.
    private struct Sketch {
        var graph = Graph(name: "g")
        /// [batch, sequence, heads, headDim]
        let q: ValueID
        let k: ValueID
        let v: ValueID
        let mask: ValueID
        let flags: ValueID
        private var count = 0

        init(rank: Int = 4) {
            let dimensions: [Dimension] =
                rank == 4
                ? [.symbol("batch"), .symbol("sequence"), .fixed(2), .fixed(16)]
                : [.symbol("batch"), .symbol("sequence"), .fixed(16)]
            q = graph.addInput(named: "q", dtype: .float32, dimensions: dimensions)
            k = graph.addInput(named: "k", dtype: .float32, dimensions: dimensions)
            v = graph.addInput(named: "v", dtype: .float32, dimensions: dimensions)
            let scores: [Dimension] = [.symbol("batch"), .fixed(1), .fixed(1), .symbol("sequence")]
            mask = graph.addInput(named: "mask", dtype: .float32, dimensions: Array(scores.suffix(rank)))
            flags = graph.addInput(named: "flags", dtype: .bool, dimensions: Array(scores.suffix(rank)))
        }

        mutating func node(_ operation: Operation, _ inputs: ValueID...) -> ValueID {
            count += 1
            return graph.addNode(named: "node\(count)", operation, inputs)
        }

        mutating func number(_ number: Float) -> ValueID {
            count += 1
            return graph.addConstant(named: "number\(count)", .tensor(Tensor(scalar: number)))
        }

        mutating func integers(_ integers: [Int64]) -> ValueID {
            count += 1
            return graph.addConstant(named: "integers\(count)", .tensor(Tensor(integers)))
        }

        mutating func transpose(_ value: ValueID, _ permutation: [Int]) -> ValueID {
            node(.transpose(Transpose(permutation: permutation)), value)
        }

        mutating func binary(_ function: BinaryFunction, _ a: ValueID, _ b: ValueID) -> ValueID {
            node(.binary(Binary(function)), a, b)
        }

        mutating func product(_ a: ValueID, _ b: ValueID) -> ValueID { node(.matrixProduct(MatrixProduct()), a, b) }
        mutating func softmax(_ value: ValueID) -> ValueID { node(.softmax(Softmax(axis: -1)), value) }

        /// Probabilities times values, the heads joined again.
        mutating func finish(_ scores: ValueID) -> ValueID {
            let heads = transpose(v, [0, 2, 1, 3])
            return transpose(product(softmax(scores), heads), [0, 2, 1, 3])
        }
    }

    private func passed(_ sketch: Sketch, _ outputs: ValueID...) throws -> (Graph, [Attention]) {
        var graph = sketch.graph
        graph.outputs = outputs
        let result = try Passes.standard(graph).graph
        return (
            result,
            result.nodes.compactMap {
                if case .attention(let attention) = $0.operation { attention } else { nil }
            }
        )
    }

    @Test("scores scaled after the product, mask added, transposes taken in") func scaledAfter() throws {
        for divides in [false, true] {
            var s = Sketch()
            var scores = s.product(s.transpose(s.q, [0, 2, 1, 3]), s.transpose(s.k, [0, 2, 3, 1]))
            scores = divides ? s.binary(.divide, scores, s.number(4)) : s.binary(.multiply, scores, s.number(0.25))
            let result1 = s.finish(s.binary(.add, s.mask, scores))
            let (graph, found) = try passed(s, result1)
            #expect(Small.names(graph) == ["Attention"])
            #expect(graph.nodes[0].inputs == [s.q, s.k, s.v, s.mask])
            var wanted = Attention(scale: 0.25, zeroesEmptyRows: false)
            wanted.queryLayout = .sequenceFirst
            wanted.keyLayout = .sequenceFirst
            wanted.valueLayout = .sequenceFirst
            wanted.outputLayout = .sequenceFirst
            #expect(found == [wanted])
        }
    }

    @Test("positions and a mask, added one after the other, are summed once for all layers") func twoMasks() throws {
        var s = Sketch()
        let positions = s.node(.unary(Unary(.tanh)), s.mask)
        var outputs: [ValueID] = []
        for _ in 0..<2 {
            let scores = s.product(s.transpose(s.q, [0, 2, 1, 3]), s.transpose(s.k, [0, 2, 3, 1]))
            outputs.append(s.finish(s.binary(.add, s.binary(.add, scores, positions), s.mask)))
        }
        let (graph, found) = try passed(s, outputs[0], outputs[1])
        #expect(Small.names(graph) == ["Tanh", "Add", "Attention", "Attention"])
        #expect(found.count == 2)
        #expect(graph.nodes[2].inputs[3] == graph.nodes[3].inputs[3])
    }

    @Test("both operands scaled by a root, NaN put to zero") func scaledBefore() throws {
        var s = Sketch()
        let q = s.binary(.multiply, s.transpose(s.q, [0, 2, 1, 3]), s.number(0.5))
        let heads = s.transpose(s.k, [0, 2, 1, 3])
        let k = s.binary(.multiply, s.transpose(heads, [0, 1, 3, 2]), s.number(0.5))
        let weights = s.softmax(s.binary(.add, s.product(q, k), s.mask))
        let guarded = s.node(.choice(Choice()), s.node(.unary(Unary(.isNaN)), weights), s.number(0), weights)
        let output = s.product(guarded, s.transpose(s.v, [0, 2, 1, 3]))
        let (graph, found) = try passed(s, output)
        #expect(Small.names(graph) == ["Attention"])
        #expect(graph.nodes[0].inputs == [s.q, s.k, s.v, s.mask])
        #expect(found[0].scale == 0.25)
        #expect(found[0].zeroesEmptyRows)
        #expect(found[0].outputLayout == .headsFirst)
    }

    @Test("scores replaced where a condition says so") func conditions() throws {
        for (low, keepsTrue, names) in [
            (-Float.infinity, true, ["Attention"]), (-.infinity, false, ["Not", "Attention"]),
            (-.greatestFiniteMagnitude, true, ["Where", "Attention"]),
        ] {
            var s = Sketch()
            let scores = s.product(s.transpose(s.q, [0, 2, 1, 3]), s.transpose(s.k, [0, 2, 3, 1]))
            let number = s.number(low)
            let masked =
                keepsTrue
                ? s.node(.choice(Choice()), s.flags, scores, number)
                : s.node(.choice(Choice()), s.flags, number, scores)
            let result2 = s.finish(masked)
            let (graph, _) = try passed(s, result2)
            #expect(Small.names(graph) == names)
        }
        // So high a number that the scores it replaces would still change the result.
        var s = Sketch()
        let scores = s.product(s.transpose(s.q, [0, 2, 1, 3]), s.transpose(s.k, [0, 2, 3, 1]))
        let masked = s.node(.choice(Choice()), s.flags, scores, s.number(-10_000))
        let result3 = s.finish(masked)
        #expect(try passed(s, result3).1.isEmpty)
    }

    @Test("keys swapped by way of three axes") func flattened() throws {
        for isStatic in [false, true] {
            var s = Sketch()
            let heads = s.transpose(s.k, [0, 2, 1, 3])
            let (flat, final): (ValueID, ValueID)
            if isStatic {
                (flat, final) = (s.integers([-1, 5, 16]), s.integers([3, 2, 16, 5]))
            } else {
                let shape = s.node(.shapeOf(ShapeOf()), heads)
                let (one, two) = (s.integers([-1]), s.integers([-2]))
                let depth = s.node(.slice(Slice()), shape, one, s.integers([Int64.max]))
                let length = s.node(.slice(Slice()), shape, two, one)
                let rest = s.node(.slice(Slice()), shape, s.integers([Int64.min]), two)
                flat = s.node(.concatenation(Concatenation(axis: 0)), one, length, depth)
                final = s.node(.concatenation(Concatenation(axis: 0)), rest, depth, length)
            }
            let swapped = s.transpose(s.node(.reshape(Reshape()), heads, flat), [0, 2, 1])
            let k = s.node(.reshape(Reshape()), swapped, final)
            let scores = s.product(s.transpose(s.q, [0, 2, 1, 3]), k)
            let result4 = s.finish(scores)
            let (graph, found) = try passed(s, result4)
            #expect(found.count == 1, "static: \(isStatic)")
            #expect(found.first?.scale == 1)
            #expect(graph.nodes.last?.operation.name == "Attention")
        }
    }

    @Test("heads counted in the batch") func threeAxes() throws {
        var s = Sketch(rank: 3)
        let scores = s.binary(.multiply, s.product(s.q, s.transpose(s.k, [0, 2, 1])), s.number(0.25))
        let masked = s.binary(.add, scores, s.mask)
        let result5 = s.product(s.softmax(masked), s.v)
        let (graph, found) = try passed(s, result5)
        #expect(Small.names(graph) == ["Unsqueeze", "Attention"])
        #expect(found.first?.queryHeads == 1 && found.first?.keyHeads == 1)
    }

    @Test("a scale that is read off the operand's shape") func shapeScale() throws {
        var s = Sketch()
        let heads = s.transpose(s.q, [0, 2, 1, 3])
        let depth = s.node(
            .slice(Slice()), s.node(.shapeOf(ShapeOf()), heads), s.integers([-1]), s.integers([Int64.max]))
        let root = s.node(.unary(Unary(.squareRoot)), s.node(.cast(Cast(to: .float32)), depth))
        let scale = s.node(.unary(Unary(.squareRoot)), s.binary(.divide, s.number(1), root))
        let q = s.binary(.multiply, heads, scale)
        let k = s.binary(.multiply, s.transpose(s.k, [0, 2, 3, 1]), scale)
        let result6 = s.finish(s.product(q, k))
        let (_, found) = try passed(s, result6)
        #expect(found.count == 1)
        #expect(found.first?.scale == nil)
        // The extent of something else is no scale of these heads.
        var other = Sketch()
        let extent = other.node(
            .slice(Slice()), other.node(.shapeOf(ShapeOf()), other.mask), other.integers([-1]),
            other.integers([Int64.max]))
        let wrong = other.node(.unary(Unary(.squareRoot)), other.node(.cast(Cast(to: .float32)), extent))
        let scores = other.binary(
            .divide, other.product(other.transpose(other.q, [0, 2, 1, 3]), other.transpose(other.k, [0, 2, 3, 1])),
            wrong)
        let result7 = other.finish(scores)
        #expect(try passed(other, result7).1.isEmpty)
    }

    @Test("what is used elsewhere, or in another order, is left alone") func leftAlone() throws {
        var s = Sketch()
        let scores = s.product(s.transpose(s.q, [0, 2, 1, 3]), s.transpose(s.k, [0, 2, 3, 1]))
        let weights = s.softmax(scores)
        let output = s.product(weights, s.transpose(s.v, [0, 2, 1, 3]))
        #expect(try passed(s, output).1.count == 1)
        #expect(try passed(s, output, weights).1.isEmpty)
        let result8 = s.binary(.add, scores, scores)
        #expect(try passed(s, output, result8).1.isEmpty)
        // A scale over the masked scores would scale the mask too.
        var late = Sketch()
        let sum = late.binary(
            .add, late.product(late.transpose(late.q, [0, 2, 1, 3]), late.transpose(late.k, [0, 2, 3, 1])), late.mask)
        let result9 = late.finish(late.binary(.multiply, sum, late.number(0.5)))
        #expect(try passed(late, result9).1.isEmpty)
        // Keys that are not swapped.
        var plain = Sketch()
        let wrong = plain.product(plain.transpose(plain.q, [0, 2, 1, 3]), plain.transpose(plain.k, [0, 2, 1, 3]))
        let result10 = plain.finish(wrong)
        #expect(try passed(plain, result10).1.isEmpty)
        // A soft maximum over the queries.
        var across = Sketch()
        let product = across.product(
            across.transpose(across.q, [0, 2, 1, 3]), across.transpose(across.k, [0, 2, 3, 1]))
        let turned = across.node(.softmax(Softmax(axis: 2)), product)
        let result11 = across.product(turned, across.transpose(across.v, [0, 2, 1, 3]))
        #expect(try passed(across, result11).1.isEmpty)
    }

    @Test("a transpose that somebody else takes too stays, and the attention reads past it") func sharedTranspose()
        throws
    {
        var s = Sketch()
        let heads = s.transpose(s.v, [0, 2, 1, 3])
        let scores = s.product(s.transpose(s.q, [0, 2, 1, 3]), s.transpose(s.k, [0, 2, 3, 1]))
        let output = s.product(s.softmax(scores), heads)
        let (graph, found) = try passed(s, output, heads)
        #expect(Small.names(graph) == ["Transpose", "Attention"])
        #expect(found[0].valueLayout == .sequenceFirst)
        #expect(graph.nodes[1].inputs[2] == s.v)
    }
}
