internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Operators that run graphs.
    static let controlFlow: [String: ONNXOperator] = [
        "If": ONNXOperator([1, 11, 13, 16, 19, 21, 23, 24, 25], inputs: 1...1, outputs: anyNumber) {
            node, assembly throws(ConversionError) in
            let bodies = try assembly.bodies(node, ["then_branch", "else_branch"])
            for graph in bodies.graphs where graph.outputs.count < node.outputs.count {
                throw .malformed(
                    "it has \(node.outputs.count) outputs, and its branch '\(graph.name)' makes \(graph.outputs.count)")
            }
            assembly.finish(
                node, .conditional(Conditional(thenBranch: bodies.graphs[0], elseBranch: bodies.graphs[1])),
                node.inputs + bodies.captured)
            for (index, output) in node.outputs.enumerated() {
                guard let output else { continue }
                let (dtypes, ranks) = (bodies.dtypes.map { $0[index] }, bodies.ranks.map { $0[index] })
                assembly.note(
                    output, dtype: dtypes[0] == dtypes[1] ? dtypes[0] : nil, rank: ranks[0] == ranks[1] ? ranks[0] : nil
                )
            }
        },
        "Loop": ONNXOperator(
            [1, 11, 13, 16, 19, 21, 23, 24, 25], inputs: 0...(1 << 20), outputs: anyNumber, mayLackFirst: true
        ) {
            node, assembly throws(ConversionError) in
            let bodies = try assembly.bodies(node, ["body"], feeding: [nil, nil] + node.inputs.dropFirst(2))
            let body = bodies.graphs[0]
            let stateCount = max(node.inputs.count - 2, 0)
            let own = node.inputs + [ValueID?](repeating: nil, count: max(0, 2 - node.inputs.count))
            try requireFit(
                body, parameters: 2 + stateCount + bodies.captured.count, captured: bodies.captured.count,
                outputs: max(1 + stateCount, node.outputs.count + 1)...(1 << 20))
            var loop = Loop(body: body, stateCount: stateCount)
            let ranks = try node.graph("body").input.prefix(2).map(\.declaredRank)
            loop.iterationIsVector = ranks[0] == 1
            loop.conditionIsVector = ranks[1] == 1
            assembly.finish(node, .loop(loop), own + bodies.captured)
            for (index, output) in node.outputs.enumerated() {
                guard let output else { continue }
                assembly.note(
                    output, dtype: bodies.dtypes[0][index + 1],
                    rank: bodies.ranks[0][index + 1].map { index < stateCount ? $0 : $0 + 1 })
            }
        },
        "Scan": ONNXOperator(
            [8, 9, 11, 16, 19, 21, 23, 24, 25], inputs: 1...(1 << 20), outputs: anyNumber, mayLackFirst: true
        ) {
            node, assembly throws(ConversionError) in
            let bodies = try assembly.bodies(
                node, ["body"], feeding: node.version < 9 ? Array(node.inputs.dropFirst()) : node.inputs)
            let scanCount = try node.requiredInt("num_scan_inputs")
            let operands = node.version < 9 ? Array(node.inputs.dropFirst()) : node.inputs
            if node.version < 9, node.inputs[0] != nil { throw .inexpressible("with lengths of sequences") }
            let stateCount = operands.count - scanCount
            guard scanCount >= 1, stateCount >= 0 else {
                throw .malformed("\(operands.count) operands, and num_scan_inputs is \(scanCount)")
            }
            let body = bodies.graphs[0]
            try requireFit(
                body, parameters: operands.count + bodies.captured.count, captured: bodies.captured.count,
                outputs: max(stateCount, node.outputs.count)...(1 << 20))
            let stackCount = body.outputs.count - stateCount
            let scan: Scan
            if node.version < 9 {
                let directions = try directions(node, "", "directions", count: scanCount)
                scan = batched(
                    Scan(
                        body: body, stateCount: stateCount, inputs: directions,
                        outputs: .init(repeating: .init(), count: stackCount)), captured: bodies.captured.count)
            } else {
                scan = Scan(
                    body: body, stateCount: stateCount,
                    inputs: try directions(node, "scan_input_axes", "scan_input_directions", count: scanCount),
                    outputs: try directions(node, "scan_output_axes", "scan_output_directions", count: stackCount))
            }
            assembly.finish(node, .scan(scan), operands + bodies.captured)
            for (index, output) in node.outputs.enumerated() {
                if let output { assembly.note(output, dtype: bodies.dtypes[0][index], rank: nil) }
            }
        },
    ]

    private static func requireFit(
        _ body: Graph, parameters: Int, captured: Int, outputs: ClosedRange<Int>
    ) throws(ConversionError) {
        guard body.parameters.count == parameters else {
            throw .malformed(
                "its body takes \(body.parameters.count - captured) values, and gets \(parameters - captured)")
        }
        guard outputs.contains(body.outputs.count) else {
            throw .malformed("its body makes \(body.outputs.count) values, and \(outputs.lowerBound) are needed")
        }
    }

    private static func directions(
        _ node: ONNXNode, _ axes: String, _ directions: String, count: Int
    ) throws(ConversionError) -> [Scan.Direction] {
        let axes =
            axes.isEmpty ? [Int](repeating: 0, count: count) : try node.ints(axes) ?? .init(repeating: 0, count: count)
        let turned = try node.ints(directions) ?? [Int](repeating: 0, count: count)
        guard axes.count == count, turned.count == count, turned.allSatisfy({ $0 == 0 || $0 == 1 }) else {
            throw .malformed("\(count) axes and directions are needed, not \(axes) and \(turned)")
        }
        return zip(axes, turned).map { Scan.Direction(axis: $0, isReversed: $1 == 1) }
    }

    /// The first form of a scan goes over axis 1 of each item of a batch: a scan over the items, around a scan.
    private static func batched(_ scan: Scan, captured: Int) -> Scan {
        var body = Graph(name: scan.body.name)
        let own = scan.stateCount + scan.inputs.count
        let parameters = (0..<own + captured).map { body.addParameter(named: "item\($0)") }
        let outputs = scan.body.outputs.indices.map { body.addValue(named: "result\($0)") }
        body.nodes = [Node(name: "items", operation: .scan(scan), inputs: parameters, outputs: outputs)]
        body.outputs = outputs
        return Scan(
            body: body, stateCount: 0, inputs: .init(repeating: .init(), count: own),
            outputs: .init(repeating: .init(), count: outputs.count))
    }
}

extension Onnx_ValueInfoProto {
    /// The count of axes that the file tells of a tensor.
    fileprivate var declaredRank: Int? {
        guard case .tensorType(let type)? = self.type.value, type.hasShape else { return nil }
        return type.shape.dim.count
    }
}
