internal import Tensors

/// Multiplies what follows a convolution or a matrix product channel by channel into its weights: a batch
/// normalisation, or a product or sum with one constant per channel.
///
/// The arithmetic is left in the graph as nodes over constants. Those over vectors fold at once; those over weights,
/// which still lie in a file, run on the rank that loads them.
public enum BatchNormalizationFolding {
    /// The graph without these nodes, and how many went.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var folding = Folding(graph)
        for node in graph.nodes { folding.take(node) }
        return (folding.result, folding.count)
    }
}

private struct Folding {
    private let source: Graph
    private(set) var result: Graph
    private(set) var count = 0
    private let consumers: [[NodeID]]
    private let outputs: Set<ValueID>
    /// By `ValueID.index`: known before any input is. Values that this pass makes are, too.
    private let isLoadTime: [Bool]
    /// Where in `result` the node lies that makes a value.
    private var places: [ValueID: Int] = [:]

    init(_ graph: Graph) {
        source = graph
        result = graph
        result.nodes = []
        consumers = graph.consumers()
        outputs = Set(graph.outputs)
        var isLoadTime = [Bool](repeating: false, count: graph.valueNames.count)
        for value in graph.constants.keys { isLoadTime[value.index] = true }
        for (node, constant) in zip(graph.nodes, graph.loadTimeNodes()) where constant {
            for case let output? in node.outputs { isLoadTime[output.index] = true }
        }
        self.isLoadTime = isLoadTime
    }

    /// Adds a node to the result, or what is left of it.
    mutating func take(_ node: Node) {
        let isFolded: Bool
        switch node.operation {
        case .batchNormalization(let attributes): isFolded = fold(node, epsilon: attributes.epsilon)
        case .binary(let binary) where binary.function == .multiply || binary.function == .add:
            isFolded = fold(node, binary.function)
        default: isFolded = false
        }
        if isFolded {
            count += 1
        } else {
            note(node, at: result.nodes.count)
            result.nodes.append(node)
        }
    }

    private mutating func note(_ node: Node, at place: Int) {
        for case let output? in node.outputs { places[output] = place }
    }

    /// The product that makes a value which nobody else takes.
    private func product(making value: ValueID) -> LinearProduct? {
        guard let place = places[value], consumers[value.index].count == 1, !outputs.contains(value),
            let product = LinearProduct(result.nodes[place], in: result), product.weightType.dtype == .float32,
            ([product.weights] + (product.bias.map { [$0] } ?? [])).allSatisfy({
                $0.index >= isLoadTime.count || isLoadTime[$0.index]
            })
        else { return nil }
        return product
    }

    private func arithmetic(_ product: LinearProduct) -> ConstantArithmetic {
        ConstantArithmetic(graph: result, prefix: "\(product.name)/fold\(count)")
    }

    private mutating func fold(_ node: Node, epsilon: Float) -> Bool {
        guard node.inputs.count == 5, let input = node.inputs[0], let product = product(making: input) else {
            return false
        }
        let parameters = node.inputs[1...].compactMap { $0 }
        let type = TensorType(.float32, [product.channels])
        guard parameters.count == 4, parameters.allSatisfy({ source.constants[$0]?.type == type }) else { return false }
        let (scale, bias, mean, variance) = (parameters[0], parameters[1], parameters[2], parameters[3])

        var arithmetic = arithmetic(product)
        // scale / sqrt(variance + epsilon) first, as ONNX Runtime does, to get the same numbers.
        let shifted = arithmetic.binary(
            "shifted", .add, variance, arithmetic.constant("epsilon", Tensor(scalar: epsilon)))
        let deviation = arithmetic.node("deviation", .unary(Unary(.squareRoot)), [shifted])
        let factor = arithmetic.binary("factor", .divide, scale, deviation)
        let newBias: ValueID
        if let old = product.bias {
            let centred = arithmetic.binary("centred", .subtract, old, mean)
            let scaled = arithmetic.binary("scaled", .multiply, centred, factor)
            newBias = arithmetic.binary("bias", .add, scaled, bias)
        } else {
            let scaled = arithmetic.binary("scaled", .multiply, mean, factor)
            newBias = arithmetic.binary("bias", .subtract, bias, scaled)
        }
        let weights = arithmetic.weights(of: product, times: factor)
        replace(input, arithmetic, weights: weights, bias: newBias, outputs: node.outputs)
        return true
    }

    private mutating func fold(_ node: Node, _ function: BinaryFunction) -> Bool {
        guard node.inputs.count == 2 else { return false }
        for (index, other) in [(0, 1), (1, 0)] {
            guard let input = node.inputs[index], let value = node.inputs[other],
                let tensor = source.constants[value]?.tensor, tensor.dtype == .float32,
                let product = product(making: input), product.isPerChannel(tensor.shape)
            else { continue }
            // A bias must have its full length.
            guard function == .multiply || product.bias != nil || tensor.elementCount == product.channels else {
                continue
            }
            var arithmetic = arithmetic(product)
            let vector = arithmetic.constant("vector", tensor.reshaped([tensor.elementCount]))
            let bias = product.bias.map { arithmetic.binary("bias", function, $0, vector) }
            if function == .multiply {
                let weights = arithmetic.weights(of: product, times: vector)
                replace(input, arithmetic, weights: weights, bias: bias, outputs: node.outputs)
            } else {
                replace(input, arithmetic, weights: product.weights, bias: bias ?? vector, outputs: node.outputs)
            }
            return true
        }
        return false
    }

    /// Puts the arithmetic before the product that makes `value`, and has that make the later node's outputs.
    private mutating func replace(
        _ value: ValueID, _ arithmetic: ConstantArithmetic, weights: ValueID, bias: ValueID?, outputs: [ValueID?]
    ) {
        guard let place = places[value] else { preconditionFailure("only called for a product found by place") }
        result = arithmetic.graph
        var node = result.nodes[place]
        node.inputs = [node.inputs[0], weights] + (bias.map { [$0] } ?? [])
        node.outputs = outputs
        // Without a C before, its factor counted for nothing.
        if case .gemm(var attributes) = node.operation {
            attributes.beta = 1
            node.operation = .gemm(attributes)
        }
        result.nodes.replaceSubrange(place...place, with: arithmetic.nodes + [node])
        for (place, node) in result.nodes.enumerated().dropFirst(place) { note(node, at: place) }
    }
}
