internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// The norm of the sum of the rows of up to three tables. Operands: word numbers, segment numbers, the tables of words,
    /// positions and segments, gamma, beta, a mask, position numbers. Results: the norm, how many elements of the mask's rows
    /// are 1, the sum.
    static func embedLayerNormalization(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let epsilon = try node.float("epsilon", default: 1e-12)
        // Says what is inferred, not what is computed.
        node.ignore("mask_index_type")
        let words = try node.requiredInput(0)
        var sum = assembly.emit(node, "words", .gather(Gather(axis: 0)), [try node.requiredInput(2), words])
        let table = try node.requiredInput(3)
        let places: ValueID
        if let positions = node.input(8) {
            places = assembly.emit(node, "positions", .gather(Gather(axis: 0)), [table, positions])
        } else {
            let zero = assembly.addConstant(node, "zero", [0])
            let sequence = assembly.extent(node, "sequence", of: words, axis: 1)
            places = assembly.sliced(node, "positions", table, from: zero, to: sequence, axis: 0)
        }
        sum = assembly.computed(node, "placed", .add, sum, places)
        if let segments = node.input(1) {
            guard let table = node.input(4) else { throw .malformed("there are segments, and no table of them") }
            let rows = assembly.emit(node, "segments", .gather(Gather(axis: 0)), [table, segments])
            sum = assembly.computed(node, "summed", .add, sum, rows)
        }
        if node.hasOutput(2) {
            let name = assembly.uniqueName("\(node.name)/sum")
            assembly.add(name, .identity(Identity()), [sum], outputs: [node.outputs[2]])
        }
        if node.hasOutput(1) {
            let counts = assembly.uniqueName("\(node.name)/count")
            if let mask = node.input(7) {
                let axes = assembly.addConstant(node, "axes", [1])
                assembly.add(
                    counts, .reduction(Reduction(kind: .sum, keepsDimensions: false)), [mask, axes],
                    outputs: [node.outputs[1]])
            } else {
                let batch = assembly.extent(node, "batch", of: words, axis: 0)
                let none = assembly.addConstant(node, "none", Tensor(scalar: Int32(0)))
                assembly.add(counts, .constantOfShape(ConstantOfShape()), [batch, none], outputs: [node.outputs[1]])
            }
        }
        assembly.add(
            node.name, .layerNormalization(LayerNormalization(axis: -1, epsilon: epsilon)),
            [sum, try node.requiredInput(5), try node.requiredInput(6)], outputs: [node.outputs[0]])
    }
}
