public import Tensors

extension GraphChain {
    /// Checks every tensor that goes from one part to another against what the part that takes it declares.
    ///
    /// The joined graph does not know of these declarations: a broadcast would accept a wrong shape silently, and other
    /// operators would complain from deep inside.
    ///
    /// - Parameter inputTypes: one for each input of the joined graph, in order.
    /// - Throws: `GraphError` with both types and both files.
    public func checkFit(inputTypes: [TensorType], evaluate: ConstantEvaluator) throws {
        precondition(inputTypes.count == graph.inputs.count, "one type per input")
        let operands = inputTypes.map { Operands.Operand(type: $0) }
        try checkFit(
            Dictionary(zip(graph.inputs.map(\.value), operands)) { first, _ in first }, evaluate: evaluate)
    }

    /// The same, where only some inputs are known, or some of them are constants.
    ///
    /// - Parameter inputs: by the input's value in the joined graph. What depends on others is not
    ///   checked.
    public func checkFit(_ inputs: [ValueID: Operands.Operand], evaluate: ConstantEvaluator) throws {
        let given = Dictionary(
            graph.inputs.map { (graph.name(of: $0.value), inputs[$0.value]) }, uniquingKeysWith: { first, _ in first })
        var bound: [BoundGraph?] = []
        for (index, part) in parts.enumerated() {
            var types: [TensorType] = []
            var known: [ValueID: Tensor] = [:]
            for (input, origin) in zip(part.graph.inputs, origins[index]) {
                switch origin {
                case .input(let name):
                    guard case let operand?? = given[name] else { continue }
                    types.append(operand.type)
                    known[input.value] = operand.constant
                case .output(let maker, let name):
                    guard let source = bound[maker], let value = source.output(named: name),
                        let type = source.type(of: value)
                    else { continue }  // Known only while the model runs.
                    try check(input, of: index, takes: type, from: maker, output: name)
                    types.append(type)
                    known[input.value] = source.known[value]
                }
            }
            guard types.count == part.graph.inputs.count else {
                bound.append(nil)
                continue
            }
            do {
                bound.append(
                    try BoundGraph(part.graph, inputTypes: types, knownInputs: known, evaluate: evaluate))
            } catch let error as GraphError {
                throw GraphError("\(part.source): \(error.description)")
            }
        }
    }

    private func check(
        _ input: Graph.Input, of part: Int, takes type: TensorType, from maker: Int, output: String
    ) throws(GraphError) {
        let graph = parts[part].graph
        do { try graph.check(input, accepts: type) } catch {
            throw GraphError(
                "the tensor '\(output)' that \(parts[maker].source) makes is \(type), and \(parts[part].source) takes "
                    + "\(input.text) as its input '\(graph.name(of: input.value))'")
        }
    }
}

extension BoundGraph {
    fileprivate func output(named name: String) -> ValueID? { graph.outputs.first { graph.name(of: $0) == name } }
}
