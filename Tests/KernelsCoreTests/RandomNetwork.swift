import Graphs
import Tensors
import TestSupport

/// A graph drawn at random out of what decides about memory: element-wise operators that may overwrite an operand,
/// views, concatenations and slices that copy, a few products that neighbours are fused into; constants in memory, in a
/// file, and computed while loading; inputs and constants that are outputs.
struct RandomNetwork {
    private(set) var graph = Graph(name: "random")
    private var flowing: [Flow] = []
    /// Elements of large values are cut among threads.
    private let isLarge: Bool

    /// A value that depends on an input: [batch] + rest.
    private struct Flow {
        let value: ValueID
        let dtype: DType
        let rest: [Int]

        var count: Int { rest.reduce(1, *) }
    }

    init(_ random: inout SplitMix, nodeCount: Int, isLarge: Bool, weights: FileRegion) {
        self.isLarge = isLarge
        // Mostly one width in a network, as in models.
        let usual = random.choice(RandomNetwork.floats + [.float32, .float32])
        for index in 0..<random.integer(1...3) {
            let rest = isLarge ? [2, 9001] : (0..<random.integer(1...3)).map { _ in random.integer(1...4) }
            let dimensions = [.symbol("batch")] + rest.map(Dimension.fixed)
            let dtype = random.once(in: 4) ? random.choice(RandomNetwork.floats) : usual
            let value = graph.addInput(named: "input\(index)", dtype: dtype, dimensions: dimensions)
            flowing.append(Flow(value: value, dtype: dtype, rest: rest))
        }
        for _ in 0..<nodeCount { addNode(&random, weights) }
        chooseOutputs(&random)
    }

    var description: String {
        graph.nodes.map { node in
            let inputs = node.inputs.map { $0.map { "\($0.index)" } ?? "-" }.joined(separator: " ")
            let outputs = node.outputs.map { $0.map { "\($0.index)" } ?? "-" }.joined(separator: " ")
            return "\(node.operation.name)(\(inputs)) -> \(outputs)"
        }.joined(separator: "; ") + "; outputs " + graph.outputs.map { "\($0.index)" }.joined(separator: " ")
    }

    private mutating func add(_ operation: Operation, _ inputs: [ValueID?], _ dtype: DType, _ rest: [Int]) {
        let value = graph.addNode(named: "node\(graph.nodes.count)", operation, inputs)
        flowing.append(Flow(value: value, dtype: dtype, rest: rest))
    }

    private func pick(_ random: inout SplitMix, _ isFit: (Flow) -> Bool = { _ in true }) -> Flow? {
        let fitting = flowing.filter(isFit)
        guard !fitting.isEmpty else { return nil }
        return random.once(in: 3) ? random.choice(fitting) : random.choice(Array(fitting.suffix(2)))
    }

    private mutating func addNode(_ random: inout SplitMix, _ weights: FileRegion) {
        let operand = pick(&random)!
        switch random.integer(0...18) {
        case 0...2: addUnary(operand, &random)
        case 3...6: addBinary(operand, &random, weights)
        case 7...9: addView(operand, &random)
        case 10: addConcatenation(operand, &random)
        case 11: addSlices(operand, &random)
        case 12: addTranspose(operand, &random)
        case 13: addConversion(operand, &random)
        case 14...17 where operand.dtype.isFloatingPoint && operand.rest.count == 1: addProduct(operand, &random)
        case 14...15 where operand.dtype.isFloatingPoint && operand.rest.count == 2: addFlowingProduct(operand, &random)
        case 14...17 where operand.dtype.isFloatingPoint && (2...4).contains(operand.rest.count):
            addConvolution(operand, &random)
        default: addNormalization(operand, &random)
        }
    }

    // MARK: Element-wise

    private static let floats: [DType] = [.float32, .float16, .bfloat16, .float64]

    private static let floatFunctions: [UnaryFunction] = [
        .relu, .leakyRelu, .sigmoid, .tanh, .absolute, .negative, .softsign, .silu, .gelu, .geluTanh, .mish, .elu,
        .softplus, .hardSwish, .floor, .sign, .sine, .arcTangent, .errorFunction,
    ]

    private mutating func addUnary(_ operand: Flow, _ random: inout SplitMix) {
        let function: UnaryFunction
        switch operand.dtype {
        case .bool: function = .logicalNot
        case .int32: function = random.choice([.absolute, .negative, .sign, .relu])
        default: function = random.choice(RandomNetwork.floatFunctions)
        }
        add(.unary(Unary(function, alpha: 0.5, beta: 0.25)), [operand.value], operand.dtype, operand.rest)
    }

    private mutating func addBinary(_ operand: Flow, _ random: inout SplitMix, _ weights: FileRegion) {
        let function: BinaryFunction
        switch operand.dtype {
        case .bool: function = random.choice([.and, .or, .xor])
        case .int32: function = random.choice([.add, .subtract, .maximum, .minimum])
        default: function = random.choice([.add, .subtract, .multiply, .maximum, .minimum, .parametricRelu])
        }
        var inputs = [operand.value]
        if operand.dtype.isFloatingPoint && random.once(in: 3) {
            inputs.append(constant(operand, &random, weights))
        } else {
            // Sometimes itself, or what stretches to its shape.
            let other = pick(&random) { other in
                other.dtype == operand.dtype && other.rest.count == operand.rest.count
                    && zip(other.rest, operand.rest).allSatisfy { $0 == $1 || $0 == 1 }
            }
            inputs.append(other!.value)
        }
        if random.once(in: 2) { inputs.reverse() }
        add(.binary(Binary(function)), inputs, operand.dtype, operand.rest)
    }

    /// A constant that stretches over an operand: in memory, in a file, or computed from one in a file.
    private mutating func constant(_ operand: Flow, _ random: inout SplitMix, _ weights: FileRegion) -> ValueID {
        let shape = random.once(in: 2) ? [1] + operand.rest : Array(operand.rest.suffix(1))
        let count = shape.reduce(1, *)
        let name = "constant\(graph.valueNames.count)"
        guard random.once(in: 2), count * 4 <= weights.byteCount else {
            return graph.addConstant(
                named: name, .tensor(.random(operand.dtype, Shape(shape), in: -1...1, using: &random)))
        }
        let region = FileRegion(path: weights.path, offset: weights.offset, byteCount: count * 4)
        var value = graph.addConstant(named: name, .file(region, TensorType(.float32, Shape(shape))))
        if operand.dtype != .float32 {
            value = graph.addNode(named: "\(name).cast", .cast(Cast(to: operand.dtype)), [value])
        }
        guard random.once(in: 2) else { return value }
        let made = graph.addNode(named: "\(name).tanh", .unary(Unary(.tanh)), [value])
        return graph.addNode(named: "\(name).twice", .binary(Binary(.add)), [made, made])
    }

    private mutating func addConversion(_ operand: Flow, _ random: inout SplitMix) {
        switch random.integer(0...3) {
        case 0:
            let target = random.choice((RandomNetwork.floats + [.int32]).filter { $0 != operand.dtype })
            add(.cast(Cast(to: target)), [operand.value], target, operand.rest)
        case 1 where operand.dtype.isFloatingPoint:
            add(.unary(Unary(.isNaN)), [operand.value], .bool, operand.rest)
        case 2 where operand.dtype.isFloatingPoint:
            let other = pick(&random) { $0.dtype == operand.dtype && $0.rest == operand.rest }!
            add(.comparison(Comparison(.less)), [operand.value, other.value], .bool, operand.rest)
        default:
            guard let condition = pick(&random, { $0.dtype == .bool && $0.rest == operand.rest }) else { return }
            let other = pick(&random) { $0.dtype == operand.dtype && $0.rest == operand.rest }!
            add(.choice(Choice()), [condition.value, operand.value, other.value], operand.dtype, operand.rest)
        }
    }

    private mutating func addNormalization(_ operand: Flow, _ random: inout SplitMix) {
        guard operand.dtype.isFloatingPoint, !operand.rest.isEmpty else { return addUnary(operand, &random) }
        let channels = (0..<4).map { part in
            graph.addConstant(
                named: "channels\(graph.valueNames.count)",
                .tensor(
                    .of((0..<operand.rest[0]).map { Float($0 + part + 1) / 4 }, operand.dtype, [operand.rest[0]])))
        }
        add(
            .batchNormalization(BatchNormalization()), [operand.value] + channels.map(Optional.init), operand.dtype,
            operand.rest)
    }

    // MARK: Views and copies

    private mutating func addView(_ operand: Flow, _ random: inout SplitMix) {
        func integers(_ values: [Int]) -> ValueID {
            graph.addConstant(named: "axes\(graph.valueNames.count)", .tensor(Tensor(values.map(Int64.init))))
        }
        let isFlat = operand.rest.count == 1
        switch random.integer(0...4) {
        case 0: add(.identity(Identity()), [operand.value], operand.dtype, operand.rest)
        case 1: add(.flatten(Flatten()), [operand.value], operand.dtype, [operand.count])
        case 2 where operand.rest.count < 4:
            let axis = random.integer(1...(operand.rest.count + 1))
            var rest = operand.rest
            rest.insert(1, at: axis - 1)
            add(.unsqueeze(Unsqueeze()), [operand.value, integers([axis])], operand.dtype, rest)
        case 3 where operand.rest.contains(1):
            let axis = operand.rest.firstIndex(of: 1)!
            var rest = operand.rest
            rest.remove(at: axis)
            add(.squeeze(Squeeze()), [operand.value, integers([axis + 1])], operand.dtype, rest)
        default:
            let rest = isFlat && operand.count % 2 == 0 ? [operand.count / 2, 2] : Array(operand.rest.reversed())
            add(.reshape(Reshape()), [operand.value, integers([0] + rest)], operand.dtype, rest)
        }
    }

    private mutating func addConcatenation(_ operand: Flow, _ random: inout SplitMix) {
        guard !operand.rest.isEmpty, operand.count < (isLarge ? 100_000 : 60) else { return }
        let axis = random.integer(0...(operand.rest.count - 1))
        var parts = [operand]
        for _ in 0..<random.integer(1...2) {
            parts.append(
                pick(&random) { other in
                    other.dtype == operand.dtype && other.rest.count == operand.rest.count
                        && other.rest.indices.allSatisfy { $0 == axis || other.rest[$0] == operand.rest[$0] }
                }!)
        }
        var rest = operand.rest
        rest[axis] = parts.reduce(0) { $0 + $1.rest[axis] }
        add(
            .concatenation(Concatenation(axis: axis + 1)), parts.shuffled(using: &random).map(\.value), operand.dtype,
            rest)
    }

    private mutating func addSlices(_ operand: Flow, _ random: inout SplitMix) {
        guard let axis = operand.rest.firstIndex(where: { $0 >= 2 }) else { return }
        let chunk = (operand.rest[axis] + 1) / 2
        var outputs: [ValueID?] = []
        let isLast = random.once(in: 3)
        for extent in [chunk, operand.rest[axis] - chunk] {
            // One of the two may be left out; at the end it is not even named.
            if outputs.isEmpty && !isLast && random.once(in: 2) {
                outputs.append(nil)
                continue
            }
            if isLast && outputs.count == 1 { break }
            var rest = operand.rest
            rest[axis] = extent
            let value = graph.addValue(named: "part\(graph.valueNames.count)")
            outputs.append(value)
            flowing.append(Flow(value: value, dtype: operand.dtype, rest: rest))
        }
        graph.nodes.append(
            Node(
                name: "node\(graph.nodes.count)", operation: .split(Split(axis: axis + 1, parts: 2)),
                inputs: [operand.value], outputs: outputs))
    }

    private mutating func addTranspose(_ operand: Flow, _ random: inout SplitMix) {
        let axes = Array(operand.rest.indices).shuffled(using: &random)
        add(
            .transpose(Transpose(permutation: [0] + axes.map { $0 + 1 })), [operand.value], operand.dtype,
            axes.map { operand.rest[$0] })
    }

    // MARK: Products

    private mutating func weight(_ dtype: DType, _ shape: [Int], _ random: inout SplitMix) -> ValueID {
        graph.addConstant(
            named: "weight\(graph.valueNames.count)",
            .tensor(.random(dtype, Shape(shape), in: -0.5...0.5, using: &random)))
    }

    private mutating func addProduct(_ operand: Flow, _ random: inout SplitMix) {
        guard operand.count < 100 else { return }
        let dtype = operand.dtype
        let columns = random.integer(1...6)
        let matrix = weight(dtype, [operand.rest[0], columns], &random)
        if random.once(in: 2) {
            add(.matrixProduct(MatrixProduct()), [operand.value, matrix], dtype, [columns])
        } else {
            let bias: [ValueID?] = random.once(in: 2) ? [weight(dtype, [columns], &random)] : []
            let gemm = Gemm(alpha: random.once(in: 3) ? 0.3 : 1)
            add(.gemm(gemm), [operand.value, matrix] + bias, dtype, [columns])
        }
        addEpilogue(&random, weight(dtype, [columns], &random))
    }

    /// A product of two values of the run, [rows, inner] by its own transpose.
    private mutating func addFlowingProduct(_ operand: Flow, _ random: inout SplitMix) {
        guard operand.count < 100 else { return }
        let (rows, inner) = (operand.rest[0], operand.rest[1])
        add(.transpose(Transpose(permutation: [0, 2, 1])), [operand.value], operand.dtype, [inner, rows])
        add(
            .matrixProduct(MatrixProduct()), [operand.value, flowing.last!.value], operand.dtype, [rows, rows])
        addEpilogue(&random, weight(operand.dtype, [rows], &random))
    }

    /// What fusion takes into the product before it: a sum, an activation, or both.
    private mutating func addEpilogue(_ random: inout SplitMix, _ addend: ValueID) {
        let product = flowing.last!
        if random.once(in: 2) {
            add(.binary(Binary(.add)), [product.value, addend].shuffled(using: &random), product.dtype, product.rest)
        }
        if random.once(in: 2) {
            let function = random.choice([UnaryFunction.relu, .tanh, .sigmoid, .gelu, .leakyRelu])
            add(.unary(Unary(function, alpha: 0.1)), [flowing.last!.value], product.dtype, product.rest)
        }
    }

    /// Over one to three axes, of extents that it leaves as they are.
    private mutating func addConvolution(_ operand: Flow, _ random: inout SplitMix) {
        guard operand.count < 1000 else { return }
        let dtype = operand.dtype
        let rank = operand.rest.count - 1
        var window = SpatialWindow(rank: rank)
        let ones = [Int](repeating: 1, count: rank)
        window.padding = .explicit(before: ones, after: ones)
        let channels = random.once(in: 2) ? operand.rest[0] : random.integer(1...4)
        let bias: [ValueID?] = random.once(in: 2) ? [weight(dtype, [channels], &random)] : []
        let kernel = [Int](repeating: 3, count: rank)
        let rest = [channels] + operand.rest.dropFirst()
        if random.once(in: 4) {
            let weights = weight(dtype, [operand.rest[0], channels] + kernel, &random)
            add(
                .convolutionTranspose(
                    ConvolutionTranspose(window: window, outputPadding: [Int](repeating: 0, count: rank))),
                [operand.value, weights] + bias, dtype, rest)
        } else {
            let weights = weight(dtype, [channels, operand.rest[0]] + kernel, &random)
            add(.convolution(Convolution(window: window)), [operand.value, weights] + bias, dtype, rest)
        }
        // A residual where there is one of the right shape.
        let residual = flowing.dropLast().last { $0.dtype == dtype && $0.rest == rest }
        addEpilogue(&random, residual?.value ?? weight(dtype, [channels] + ones, &random))
    }

    // MARK: Outputs

    private mutating func chooseOutputs(_ random: inout SplitMix) {
        var outputs = [flowing.last!.value]
        for _ in 0..<random.integer(0...4) { outputs.append(random.choice(flowing).value) }
        if random.once(in: 3), let constant = graph.constants.keys.sorted().randomElement(using: &random) {
            outputs.append(constant)
        }
        for output in outputs.shuffled(using: &random) where !graph.outputs.contains(output) {
            graph.outputs.append(output)
        }
    }
}
