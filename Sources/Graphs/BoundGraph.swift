public import Tensors

/// Computes one operator on constants, so that shape arithmetic can be folded. Graphs has no arithmetic of its own:
/// Kernels lends its own.
public typealias ConstantEvaluator =
    @Sendable (_ operation: Operation, _ operands: [Tensor?], _ outputs: [TensorType]) throws -> [Tensor]

/// A graph with a type for every value, for the input shapes at hand. Whatever follows from shapes alone is folded to
/// constants, so that no shape arithmetic is left to run.
public struct BoundGraph: Sendable {
    public let graph: Graph
    /// By `ValueID.index`; nil for values that nothing makes.
    public private(set) var types: [TensorType?]
    /// Small values known before the run: constants of the graph and what was folded out of shapes.
    public private(set) var known: [ValueID: Tensor]
    /// By `NodeID.index`: nodes whose outputs are all in `known`, which need not run.
    public private(set) var isFolded: [Bool]
    /// By `NodeID.index`: nodes that depend on no input but are too large to fold here. The rank that needs them runs
    /// them once while it loads.
    public private(set) var isLoadTime: [Bool]

    /// Constants up to this many elements are folded at once; larger ones where they are needed.
    public static let foldLimit = 1 << 16

    /// - Parameters:
    ///   - inputTypes: one for each input of the graph, in order.
    ///   - knownInputs: inputs whose elements decide shapes and are to be taken as constants.
    public init(
        _ graph: Graph, inputTypes: [TensorType], knownInputs: [ValueID: Tensor] = [:],
        evaluate: ConstantEvaluator
    ) throws {
        precondition(inputTypes.count == graph.inputs.count, "one type per input")
        self.graph = graph
        types = [TensorType?](repeating: nil, count: graph.valueNames.count)
        known = knownInputs
        isFolded = [Bool](repeating: false, count: graph.nodes.count)
        isLoadTime = isFolded
        var isConstant = [Bool](repeating: false, count: graph.valueNames.count)

        for (input, type) in zip(graph.inputs, inputTypes) {
            try graph.check(input, accepts: type)
            types[input.value.index] = type
        }
        for (value, constant) in graph.constants {
            types[value.index] = constant.type
            isConstant[value.index] = true
            if let tensor = constant.tensor { known[value] = tensor }
        }
        for value in knownInputs.keys { isConstant[value.index] = true }

        for (index, node) in graph.nodes.enumerated() {
            let operands = Operands(
                node.inputs.map { value in
                    value.flatMap { value in
                        types[value.index].map { Operands.Operand(type: $0, constant: known[value]) }
                    }
                })
            let outputTypes: [TensorType]
            do {
                outputTypes = try node.operation.attributes.outputTypes(of: operands)
            } catch {
                throw GraphError(node: node, operands: operands.types, reason: error.description)
            }
            guard node.outputs.count <= outputTypes.count else {
                throw GraphError(
                    node: node, operands: operands.types,
                    reason: "\(node.outputs.count) outputs are used, the operator has \(outputTypes.count)")
            }
            for (output, type) in zip(node.outputs, outputTypes) {
                if let output { types[output.index] = type }
            }
            guard
                let results = try BoundGraph.fold(
                    node, operands: operands, outputTypes: outputTypes, known: known, evaluate: evaluate)
            else {
                if node.inputs.allSatisfy({ $0.map { isConstant[$0.index] } ?? true }) {
                    isLoadTime[index] = true
                    for case let output? in node.outputs { isConstant[output.index] = true }
                }
                continue
            }
            isFolded[index] = true
            for (output, tensor) in zip(node.outputs, results) {
                guard let output else { continue }
                known[output] = tensor
                isConstant[output.index] = true
            }
        }
    }

    private static func fold(
        _ node: Node, operands: Operands, outputTypes: [TensorType], known: [ValueID: Tensor],
        evaluate: ConstantEvaluator
    ) throws -> [Tensor]? {
        if let results = node.operation.attributes.outputsKnown(from: operands) { return results }
        let tensors = node.inputs.map { $0.flatMap { known[$0] } }
        guard zip(node.inputs, tensors).allSatisfy({ $0 == nil || $1 != nil }),
            outputTypes.allSatisfy({ $0.shape.elementCount <= foldLimit }),
            tensors.allSatisfy({ ($0?.elementCount ?? 0) <= foldLimit })
        else { return nil }
        do {
            return try evaluate(node.operation, tensors, outputTypes)
        } catch {
            throw GraphError(node: node, operands: operands.types, reason: "\(error)")
        }
    }

    public func type(of value: ValueID) -> TensorType? { types[value.index] }

    /// What one evaluation of a node costs at these shapes.
    public func cost(of node: NodeID) -> Cost {
        let node = graph.nodes[node.index]
        return node.operation.attributes.cost(
            of: node.inputs.map { $0.flatMap { types[$0.index] } },
            outputs: node.outputs.compactMap { $0.flatMap { types[$0.index] } })
    }

    /// The nodes that run for every microbatch, in order: those that some output depends on, other than by its shape.
    public var runtimeNodes: [NodeID] {
        var isNeeded = [Bool](repeating: false, count: types.count)
        for output in graph.outputs { isNeeded[output.index] = true }
        var nodes: [NodeID] = []
        for index in graph.nodes.indices.reversed() where !isFolded[index] && !isLoadTime[index] {
            let node = graph.nodes[index]
            guard node.outputs.contains(where: { $0.map { isNeeded[$0.index] } ?? false }) else { continue }
            for case let input? in node.inputs { isNeeded[input.index] = true }
            nodes.append(NodeID(index))
        }
        return nodes.reversed()
    }
}

extension Graph {
    /// Throws unless a tensor of this type can be fed to the input.
    func check(_ input: Input, accepts type: TensorType) throws(GraphError) {
        let wanted = input.dimensions.map(\.description).joined(separator: "x")
        let fits =
            type.dtype == input.dtype && type.shape.rank == input.dimensions.count
            && zip(input.dimensions, type.shape.dimensions).allSatisfy { dimension, extent in
                if case .fixed(let wanted) = dimension { wanted == extent } else { true }
            }
        guard fits else {
            throw GraphError(
                "input '\(name(of: input.value))' takes \(input.dtype) \(wanted.isEmpty ? "scalar" : wanted), not \(type)"
            )
        }
    }

    /// The types of the inputs when each symbol has the extent given.
    public func inputTypes(symbols: [String: Int]) throws(GraphError) -> [TensorType] {
        var types: [TensorType] = []
        for input in inputs {
            var extents: [Int] = []
            for dimension in input.dimensions {
                switch dimension {
                case .fixed(let extent): extents.append(extent)
                case .symbol(let symbol):
                    guard let extent = symbols[symbol] else {
                        throw GraphError(
                            "input '\(name(of: input.value))' leaves the dimension '\(symbol)' open; give it a number")
                    }
                    extents.append(extent)
                }
            }
            guard let shape = Shape(checking: extents) else {
                throw GraphError("input '\(name(of: input.value))' cannot have the extents \(extents)")
            }
            types.append(TensorType(input.dtype, shape))
        }
        return types
    }
}
