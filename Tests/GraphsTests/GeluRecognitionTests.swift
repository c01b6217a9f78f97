import Graphs
import Tensors
import Testing

@Suite struct GeluRecognitionTests {
    /// A graph of element-wise nodes over one input, written as formulas.
    private struct Formula {
        var graph = Graph(name: "g")
        let x: ValueID
        private var count = 0

        init() { x = graph.addInput(named: "x", dtype: .float32, dimensions: [.symbol("batch"), .fixed(8)]) }

        mutating func number(_ number: Float) -> ValueID {
            count += 1
            return graph.addConstant(named: "number\(count)", .tensor(Tensor(scalar: number)))
        }

        mutating func binary(_ function: BinaryFunction, _ a: ValueID, _ b: ValueID) -> ValueID {
            count += 1
            return graph.addNode(named: "node\(count)", .binary(Binary(function)), [a, b])
        }

        mutating func binary(_ function: BinaryFunction, _ a: ValueID, _ b: Float) -> ValueID {
            let number = number(b)
            return binary(function, a, number)
        }

        mutating func unary(_ function: UnaryFunction, _ a: ValueID) -> ValueID {
            count += 1
            return graph.addNode(named: "node\(count)", .unary(Unary(function)), [a])
        }

        /// erf(x / sqrt(2)) + 1.
        mutating func errorGate(divides: Bool = true) -> ValueID {
            let argument = divides ? binary(.divide, x, 1.4142135) : binary(.multiply, x, 0.70710677)
            return binary(.add, unary(.errorFunction, argument), 1)
        }
    }

    private func names(_ formula: Formula, _ output: ValueID) throws -> [String] {
        var graph = formula.graph
        graph.outputs = [output]
        return Small.names(try Passes.standard(graph).graph)
    }

    @Test("all orders of the factors") func orders() throws {
        var first = Formula()  // TorchScript: (x * gate) * 0.5
        var gate = first.errorGate()
        let result1 = first.binary(.multiply, first.binary(.multiply, first.x, gate), 0.5)
        #expect(try names(first, result1) == ["Gelu"])
        var second = Formula()  // dynamo: x * (0.5 * gate)
        gate = second.errorGate()
        let half = second.number(0.5)
        let result2 = second.binary(.multiply, second.x, second.binary(.multiply, half, gate))
        #expect(try names(second, result2) == ["Gelu"])
        var third = Formula()  // (x * 0.5) * gate, by a factor
        gate = third.errorGate(divides: false)
        let result3 = third.binary(.multiply, third.binary(.multiply, third.x, 0.5), gate)
        #expect(try names(third, result3) == ["Gelu"])
        var fourth = Formula()  // x * (0.5 * erf + 0.5)
        let curve = fourth.unary(.errorFunction, fourth.binary(.multiply, fourth.x, 0.70710677))
        let sum = fourth.binary(.add, fourth.binary(.multiply, curve, 0.5), 0.5)
        let result4 = fourth.binary(.multiply, sum, fourth.x)
        #expect(try names(fourth, result4) == ["Gelu"])
        var fifth = Formula()  // (x * gate) / 2
        gate = fifth.errorGate()
        let result5 = fifth.binary(.divide, fifth.binary(.multiply, gate, fifth.x), 2)
        #expect(try names(fifth, result5) == ["Gelu"])
    }

    @Test("the form with a tangent") func tangent() throws {
        for variant in 0..<3 {
            var f = Formula()
            let argument: ValueID
            switch variant {
            case 0:
                let cube = f.binary(.multiply, f.binary(.power, f.x, 3), 0.044715)
                argument = f.binary(.multiply, f.binary(.add, f.x, cube), 0.7978846)
            case 1:
                let square = f.binary(.multiply, f.x, f.x)
                let cube = f.binary(.multiply, f.binary(.multiply, square, f.x), 0.044715)
                argument = f.binary(.multiply, f.binary(.add, f.x, cube), 0.7978846)
            default:
                let square = f.binary(.multiply, f.binary(.multiply, f.x, f.x), 0.044715)
                let factor = f.binary(.add, square, 1)
                argument = f.binary(.multiply, f.binary(.multiply, f.x, 0.7978846), factor)
            }
            let gate = f.binary(.add, f.unary(.tanh, argument), 1)
            let output = f.binary(.multiply, f.binary(.multiply, f.x, 0.5), gate)
            #expect(try names(f, output) == ["GeluTanh"], "variant \(variant)")
        }
    }

    @Test("a product as x stays whole") func productInside() throws {
        var f = Formula()
        let x = f.binary(.multiply, f.x, f.unary(.cosine, f.x))
        let gate = f.binary(.add, f.unary(.errorFunction, f.binary(.divide, x, 1.4142135)), 1)
        let output = f.binary(.multiply, f.binary(.multiply, x, gate), 0.5)
        #expect(try names(f, output) == ["Cos", "Mul", "Gelu"])
    }

    @Test("what is used elsewhere, or differs, is left alone") func leftAlone() throws {
        var f = Formula()
        let gate = f.errorGate()
        let output = f.binary(.multiply, f.binary(.multiply, f.x, gate), 0.5)
        var graph = f.graph
        graph.outputs = [output, gate]
        #expect(try !Small.names(Passes.standard(graph).graph).contains("Gelu"))
        let other = f.unary(.tanh, gate)
        graph = f.graph
        graph.outputs = [output, other]
        #expect(try !Small.names(Passes.standard(graph).graph).contains("Gelu"))
        var wrong = Formula()  // 1 / 2 instead of 1 / sqrt(2)
        let curve = wrong.unary(.errorFunction, wrong.binary(.multiply, wrong.x, 0.5))
        let sum = wrong.binary(.add, curve, 1)
        let product = wrong.binary(.multiply, wrong.binary(.multiply, wrong.x, sum), 0.5)
        let left = try names(wrong, product)
        #expect(!left.contains("Gelu"))
    }
}
