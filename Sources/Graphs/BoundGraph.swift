public import Tensors

/// Computes one operator on constants, so that shape arithmetic can be folded. Graphs has no arithmetic of its own:
/// Kernels supplies its own. No output types are given for an operator whose results' shapes depend on data.
public typealias ConstantEvaluator =
    @Sendable (_ operation: Operation, _ operands: [Tensor?], _ outputs: [TensorType]) throws -> [Tensor]

/// A graph with a type for every value that has one before the run, for given input shapes. Whatever follows from
/// shapes alone is folded to constants, so that no shape arithmetic is left to run.
public struct BoundGraph: Sendable {
    public let graph: Graph
    /// By `ValueID.index`; nil for values that nothing makes, for those whose types are known only while the graph runs,
    /// and for sequences, which have none.
    public internal(set) var types: [TensorType?]
    /// Small values known before the run: constants of the graph and what was folded out of shapes.
    public internal(set) var known: [ValueID: Tensor]
    /// By `NodeID.index`: nodes whose outputs are all in `known`, which need not run.
    public internal(set) var isFolded: [Bool]
    /// By `NodeID.index`: nodes that depend on no input but are too large to fold here. The rank that needs them runs
    /// them once while it loads.
    public internal(set) var isLoadTime: [Bool]
    /// By `NodeID.index`: nodes with an output whose type is known only while the graph runs.
    public internal(set) var isDeferred: [Bool]
    /// By `ValueID.index`: values that exist before the run.
    var isConstant: [Bool]
    /// By `NodeID.index`: what the bodies of control flow cost, as often as they run, once where that is not known.
    var bodyCosts: [Int: Cost] = [:]

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
        self.init(unbound: graph)
        for (input, type) in zip(graph.inputs, inputTypes) {
            try graph.check(input, accepts: type)
            types[input.value.index] = type
        }
        for (value, tensor) in knownInputs {
            known[value] = tensor
            isConstant[value.index] = true
        }
        for index in graph.nodes.indices { try bind(index, evaluate: evaluate) }
    }

    /// The same binding once more types have become known while a part of the graph runs.
    ///
    /// - Parameters:
    ///   - part: whose nodes are bound anew; what else the binding knew still holds.
    ///   - types: of values that the part takes in.
    public init(
        _ base: BoundGraph, part: GraphPart, types: [ValueID: TensorType], evaluate: ConstantEvaluator
    ) throws {
        self = base
        for (value, type) in types { self.types[value.index] = type }
        for node in part.nodes {
            isDeferred[node.index] = false
            try bind(node.index, evaluate: evaluate)
        }
    }

    /// Binds a body.
    ///
    /// - Parameters:
    ///   - parameters: the type of each parameter; nil where it is not known, and for what is no tensor.
    ///   - known: the elements of each parameter, where they are known and the same whenever the body runs.
    public init(body graph: Graph, parameters: [TensorType?], known: [Tensor?], evaluate: ConstantEvaluator) throws {
        precondition(parameters.count == graph.parameters.count && known.count == parameters.count)
        self.init(unbound: graph)
        for (value, (type, tensor)) in zip(graph.parameters, zip(parameters, known)) {
            types[value.index] = type
            guard let tensor else { continue }
            self.known[value] = tensor
            isConstant[value.index] = true
        }
        for index in graph.nodes.indices { try bind(index, evaluate: evaluate) }
    }

    /// A binding that knows the constants and nothing else.
    private init(unbound graph: Graph) {
        self.graph = graph
        types = [TensorType?](repeating: nil, count: graph.valueNames.count)
        known = [:]
        isFolded = [Bool](repeating: false, count: graph.nodes.count)
        isLoadTime = isFolded
        isDeferred = isFolded
        isConstant = [Bool](repeating: false, count: graph.valueNames.count)
        for (value, constant) in graph.constants {
            types[value.index] = constant.type
            isConstant[value.index] = true
            if let tensor = constant.tensor { known[value] = tensor }
        }
    }

    private mutating func bind(_ index: Int, evaluate: ConstantEvaluator) throws {
        let node = graph.nodes[index]
        guard !node.operation.hasBodies else {
            try bindBodies(index, evaluate: evaluate)
            return
        }
        let operands = operands(of: node)
        // Nothing can be said of an operand that has no type yet.
        guard zip(node.inputs, operands.types).allSatisfy({ $0 == nil || $1 != nil }) else {
            isDeferred[index] = true
            return
        }
        let outputTypes: [TensorType]
        do throws(InferenceError) {
            outputTypes = try node.operation.attributes.outputTypes(of: operands)
        } catch {
            switch error {
            case .mismatch(let reason): throw GraphError(node: node, operands: operands.types, reason: reason)
            case .needsConstant: isDeferred[index] = true
            case .dataDependent: try foldDataDependent(index, operands: operands, evaluate: evaluate)
            }
            return
        }
        guard node.outputs.count <= outputTypes.count else {
            throw GraphError(
                node: node, operands: operands.types,
                reason: "\(node.outputs.count) outputs are used, the operator has \(outputTypes.count)")
        }
        for (output, type) in zip(node.outputs, outputTypes) {
            if let output { types[output.index] = type }
        }
        guard !node.operation.attributes.hangsOnItem else { return }
        if let results = try fold(node, operands: operands, outputTypes: outputTypes, evaluate: evaluate) {
            take(results, of: index)
        } else if node.inputs.allSatisfy({ $0.map { isConstant[$0.index] } ?? true }) {
            isLoadTime[index] = true
            for case let output? in node.outputs { isConstant[output.index] = true }
        }
    }

    func operands(of node: Node) -> Operands {
        Operands(
            node.inputs.map { value in
                value.flatMap { value in
                    types[value.index].map { Operands.Operand(type: $0, constant: known[value]) }
                }
            })
    }

    /// Notes results that are known now.
    mutating func take(_ results: [Tensor], of index: Int) {
        isFolded[index] = true
        for (output, tensor) in zip(graph.nodes[index].outputs, results) {
            guard let output else { continue }
            known[output] = tensor
            types[output.index] = tensor.type
            isConstant[output.index] = true
        }
    }

    private func fold(
        _ node: Node, operands: Operands, outputTypes: [TensorType], evaluate: ConstantEvaluator
    ) throws -> [Tensor]? {
        if let results = node.operation.attributes.outputsKnown(from: operands) { return results }
        guard outputTypes.allSatisfy({ $0.shape.elementCount <= BoundGraph.foldLimit }),
            let tensors = smallOperands(of: node)
        else { return nil }
        do {
            return try evaluate(node.operation, tensors, outputTypes)
        } catch {
            throw GraphError(node: node, operands: operands.types, reason: "\(error)")
        }
    }

    /// An operator whose results' shapes depend on data can still be computed now where all its operands are known.
    private mutating func foldDataDependent(
        _ index: Int, operands: Operands, evaluate: ConstantEvaluator
    ) throws {
        let node = graph.nodes[index]
        guard !node.operation.makesNoTensor, let tensors = smallOperands(of: node) else {
            isDeferred[index] = true
            return
        }
        do {
            take(try evaluate(node.operation, tensors, []), of: index)
        } catch {
            throw GraphError(node: node, operands: operands.types, reason: "\(error)")
        }
    }

    /// A node's operands where all are known and small enough to compute with here.
    private func smallOperands(of node: Node) -> [Tensor?]? {
        let tensors = node.inputs.map { $0.flatMap { known[$0] } }
        guard zip(node.inputs, tensors).allSatisfy({ $0 == nil || $1 != nil }),
            tensors.allSatisfy({ ($0?.elementCount ?? 0) <= BoundGraph.foldLimit })
        else { return nil }
        return tensors
    }
}

// MARK: - Reading

extension BoundGraph {
    public func type(of value: ValueID) -> TensorType? { types[value.index] }

    /// Values that exist before the run, by `ValueID.index`.
    public func constantValues() -> [Bool] { isConstant }

    /// What one evaluation of a node costs at these shapes; nothing where they are not known before the run.
    public func cost(of node: NodeID) -> Cost {
        if let cost = bodyCosts[node.index] { return cost }
        guard !isDeferred[node.index] else { return .zero }
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
