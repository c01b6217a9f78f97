import Graphs
import Tensors
import TestSupport

/// A random graph over matrices of 4 columns and of rows whose number data decide: selections, loops, branches, scans
/// and sequences among ordinary nodes.
struct RandomRows {
    private(set) var graph = Graph(name: "rows")
    private var matrices: [ValueID] = []
    private let count: ValueID
    /// Steps that may multiply the rows.
    private var growth = 3
    private var random: SplitMix

    init(seed: UInt64) {
        random = SplitMix(seed)
        let rows = graph.addInput(named: "rows", dtype: .float32, dimensions: [.symbol("rows"), .fixed(4)])
        count = graph.addInput(named: "count", dtype: .int64, dimensions: [])
        matrices = [rows]
        for step in 0..<random.integer(4...12) { add(step) }
        graph.outputs = [matrices.last!]
        for _ in 0..<random.integer(0...2) {
            let other = random.choice(matrices)
            if !graph.outputs.contains(other), other != rows { graph.outputs.append(other) }
        }
    }

    /// Values for the inputs.
    static func inputs(_ random: inout SplitMix) -> [String: Tensor] {
        let rows = random.integer(0...6)
        let numbers = (0..<(rows * 4)).map { _ in Float(random.integer(-8...8)) / 4 }
        return [
            "rows": Tensor(numbers, shape: [rows, 4]), "count": Tensor(scalar: Int64(random.integer(0...3))),
        ]
    }

    private mutating func add(_ step: Int) {
        let operand = random.integer(0...2) == 0 ? random.choice(matrices) : matrices.last!
        let name = "n\(step)"
        let made: ValueID?
        switch random.integer(0...11) {
        case 0: made = graph.addNode(named: name, .unary(Unary(.relu)), [operand])
        case 1: made = RandomRows.half(&graph, name, operand)
        case 2:
            let weights = weights()
            made = RandomRows.product(&graph, name, operand, weights)
        case 3: made = picked(name, operand)
        case 4: made = graph.addNode(named: name, .slice(Slice()), [operand, vector([0]), counted(name), vector([0])])
        case 5: made = places(name, operand)
        case 6: made = joined(name, [operand, random.choice(matrices)])
        case 7: made = branch(name, operand)
        case 8: made = loop(name, operand)
        case 9: made = scan(name, operand)
        case 10: made = sequence(name, operand)
        default: made = range(name)
        }
        if let made { matrices.append(made) }
    }

    // MARK: Constants

    private mutating func vector(_ integers: [Int64]) -> ValueID {
        graph.addConstant(named: "c\(graph.valueNames.count)", .tensor(Tensor(integers)))
    }

    private static func number(_ graph: inout Graph, _ number: Float) -> ValueID {
        graph.addConstant(named: "c\(graph.valueNames.count)", .tensor(Tensor(scalar: number)))
    }

    /// The input `count` as a vector of one.
    private mutating func counted(_ name: String) -> ValueID {
        graph.addNode(named: "\(name)/count", .unsqueeze(Unsqueeze()), [count, vector([0])])
    }

    // MARK: Nodes

    private static func half(_ graph: inout Graph, _ name: String, _ operand: ValueID) -> ValueID {
        let factor = number(&graph, 0.5)
        return graph.addNode(named: name, .binary(Binary(.multiply)), [operand, factor])
    }

    private mutating func weights() -> Tensor {
        Tensor((0..<16).map { _ in Float(random.integer(-4...4)) / 8 }, shape: [4, 4])
    }

    private static func product(
        _ graph: inout Graph, _ name: String, _ operand: ValueID, _ weights: Tensor
    ) -> ValueID {
        let constant = graph.addConstant(named: "\(name)/weights", .tensor(weights))
        return graph.addNode(named: name, .matrixProduct(MatrixProduct()), [operand, constant])
    }

    /// One number per row: [rows].
    private mutating func sums(_ name: String, _ operand: ValueID) -> ValueID {
        graph.addNode(
            named: "\(name)/sums", .reduction(Reduction(kind: .sum, keepsDimensions: false)), [operand, vector([1])])
    }

    /// Rows whose sums are positive.
    private mutating func picked(_ name: String, _ operand: ValueID) -> ValueID {
        let sums = sums(name, operand)
        let zero = RandomRows.number(&graph, 0)
        let mask = graph.addNode(named: "\(name)/mask", .comparison(Comparison(.greater)), [sums, zero])
        return graph.addNode(named: name, .compress(Compress(axis: 0)), [operand, mask])
    }

    /// Where rows sum to something, as numbers in all columns.
    private mutating func places(_ name: String, _ operand: ValueID) -> ValueID {
        let sums = sums(name, operand)
        let found = graph.addNode(named: "\(name)/found", .nonZero(NonZero()), [sums])
        let column = graph.addNode(named: "\(name)/column", .transpose(Transpose(permutation: [1, 0])), [found])
        let numbers = graph.addNode(named: "\(name)/cast", .cast(Cast(to: .float32)), [column])
        return graph.addNode(named: name, .tile(Tile()), [numbers, vector([1, 4])])
    }

    private mutating func joined(_ name: String, _ operands: [ValueID]) -> ValueID? {
        guard growth > 0 else { return nil }
        growth -= 1
        return graph.addNode(named: name, .concatenation(Concatenation(axis: 0)), operands)
    }

    /// 0, 1, ... in every column, `count` rows.
    private mutating func range(_ name: String) -> ValueID {
        let zero = graph.addConstant(named: "\(name)/zero", .tensor(Tensor(scalar: Int64(0))))
        let one = graph.addConstant(named: "\(name)/one", .tensor(Tensor(scalar: Int64(1))))
        let numbers = graph.addNode(
            named: "\(name)/range", .arithmeticRange(ArithmeticRange()), [zero, count, one])
        let floats = graph.addNode(named: "\(name)/cast", .cast(Cast(to: .float32)), [numbers])
        let column = graph.addNode(named: "\(name)/column", .unsqueeze(Unsqueeze()), [floats, vector([1])])
        return graph.addNode(named: name, .tile(Tile()), [column, vector([1, 4])])
    }

    // MARK: Bodies

    /// The rows halved or twice, as their sum is.
    private mutating func branch(_ name: String, _ operand: ValueID) -> ValueID? {
        guard growth > 0 else { return nil }
        growth -= 1
        let sum = graph.addNode(
            named: "\(name)/sum", .reduction(Reduction(kind: .sum, keepsDimensions: false)), [operand, vector([0, 1])])
        let zero = RandomRows.number(&graph, 0)
        let condition = graph.addNode(named: "\(name)/condition", .comparison(Comparison(.less)), [sum, zero])
        var then = Graph(name: "then")
        let first = then.addParameter(named: "x")
        then.outputs = [RandomRows.half(&then, "half", first)]
        var otherwise = Graph(name: "else")
        let second = otherwise.addParameter(named: "x")
        otherwise.outputs = [
            random.once(in: 2)
                ? otherwise.addNode(named: "twice", .concatenation(Concatenation(axis: 0)), [second, second]) : second
        ]
        return graph.addNode(
            named: name, .conditional(Conditional(thenBranch: then, elseBranch: otherwise)), [condition, operand])
    }

    /// `count` times through a product, or longer by the first rows each time; or the last rows and their sums stacked.
    private mutating func loop(_ name: String, _ operand: ValueID) -> ValueID? {
        let grows = random.once(in: 2)
        guard growth > 0 || !grows else { return nil }
        if grows { growth -= 1 }
        var body = Graph(name: "body")
        let iteration = body.addParameter(named: "iteration")
        let condition = body.addParameter(named: "condition")
        let state = body.addParameter(named: "state")
        let first = body.addParameter(named: "first")
        let next =
            grows
            ? body.addNode(named: "longer", .concatenation(Concatenation(axis: 0)), [state, first])
            : RandomRows.product(&body, "product", state, weights())
        let shift = body.addNode(named: "shift", .cast(Cast(to: .float32)), [iteration])
        let shifted = body.addNode(named: "shifted", .binary(Binary(.add)), [next, shift])
        let axis = body.addConstant(named: "axis", .tensor(Tensor([Int64(0)])))
        let sums = body.addNode(
            named: "sums", .reduction(Reduction(kind: .sum, keepsDimensions: false)), [shifted, axis])
        let halved = RandomRows.half(&body, "halved", sums)
        body.outputs = [condition, shifted, halved]
        let last = graph.addValue(named: "\(name)/last")
        // At least one iteration: what stacks nothing has no type.
        let one = graph.addConstant(named: "\(name)/one", .tensor(Tensor(scalar: Int64(1))))
        let trips = graph.addNode(named: "\(name)/trips", .binary(Binary(.add)), [count, one])
        let isFixed = random.once(in: 3)
        let stacked = graph.addValue(named: "\(name)/stacked")
        graph.nodes.append(
            Node(
                name: name, operation: .loop(Loop(body: body, stateCount: 1)),
                inputs: [isFixed ? graph.addConstant(named: "\(name)/three", .tensor(Tensor(scalar: Int64(3)))) : trips]
                    + [nil, operand, operand], outputs: [last, stacked]))
        matrices.append(last)
        return stacked
    }

    /// Running sums over the rows, from either end.
    private mutating func scan(_ name: String, _ operand: ValueID) -> ValueID {
        var body = Graph(name: "body")
        let state = body.addParameter(named: "state")
        let row = body.addParameter(named: "row")
        let sum = body.addNode(named: "sum", .binary(Binary(.add)), [state, row])
        body.outputs = [sum, sum]
        let start = graph.addConstant(named: "\(name)/start", .tensor(Tensor([Float](repeating: 0, count: 4))))
        let direction = Scan.Direction(axis: 0, isReversed: random.once(in: 2))
        let total = graph.addValue(named: "\(name)/total")
        let rows = graph.addValue(named: name)
        graph.nodes.append(
            Node(
                name: name,
                operation: .scan(Scan(body: body, stateCount: 1, inputs: [direction], outputs: [direction])),
                inputs: [start, operand], outputs: [total, rows]))
        return rows
    }

    /// The rows as a sequence, with more put in, joined again.
    private mutating func sequence(_ name: String, _ operand: ValueID) -> ValueID? {
        guard growth > 0 else { return nil }
        growth -= 1
        let rows = graph.addNode(
            named: "\(name)/rows", .sequence(SequenceOperator(.split(axis: 0, keepsAxis: true))), [operand])
        let position = graph.addConstant(named: "\(name)/position", .tensor(Tensor(scalar: Int64(0))))
        let more = graph.addNode(
            named: "\(name)/more", .sequence(SequenceOperator(.insert)), [rows, random.choice(matrices), position])
        return graph.addNode(
            named: name, .sequence(SequenceOperator(.concatenate(axis: 0, addsAxis: false))), [more])
    }
}
