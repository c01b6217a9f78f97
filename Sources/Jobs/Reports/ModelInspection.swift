internal import Graphs
internal import ModelFormats
internal import Planning
internal import Tensors

/// What is in a model, for `inspect`.
public struct ModelInspection: Encodable {
    struct Layer: Encodable {
        let name: String
        let `operator`: String
        let outputs: [String]
        let parameters: Int?
        let flops: Double?
    }

    struct Port: Encodable {
        let name: String
        let type: String
    }

    struct Missing: Encodable {
        let `operator`: String
        let nodes: Int
    }

    let path: String
    let producer: String
    let opset: Int?
    /// Where the model is several files.
    let chain: ChainInspection?
    let inputs: [Port]
    let outputs: [Port]
    let parameters: Int
    let flops: Double?
    let layers: [Layer]
    let passes: [String: Int]
    let unsupported: [Missing]
    /// Why shapes are not known, where they are not.
    let shapesUnknown: String?

    /// - Parameter symbols: numbers for symbolic dimensions; 1 for those not named.
    public init(_ model: PreparedModel, symbols: [String: Int]) throws {
        let graph = model.graph
        path = model.path
        producer = model.imported.producer
        opset = model.imported.opset
        chain = model.chain.map { ChainInspection($0, warnings: model.warnings) }
        unsupported = graph.unsupportedOperators().map { Missing(operator: $0.name, nodes: $0.nodes) }
        passes = Dictionary(model.passes.map { ($0.name, $0.count) }, uniquingKeysWith: +)
        inputs = graph.inputs.map { input in
            let dimensions = input.dimensions.map(\.description).joined(separator: "x")
            return Port(name: graph.name(of: input.value), type: "\(input.dtype) \(dimensions)")
        }
        var bound: BoundGraph?
        var failure: String?
        if unsupported.isEmpty {
            var all = symbols
            for case .symbol(let name) in graph.inputs.flatMap(\.dimensions) where all[name] == nil { all[name] = 1 }
            do { bound = try model.bound(to: graph.inputTypes(symbols: all)) } catch { failure = "\(error)" }
        } else {
            failure = "some operators are not supported"
        }
        shapesUnknown = failure
        if let bound {
            let chain = LayerChain(bound)
            parameters = chain.layers.reduce(0) { $0 + $1.parameterCount }
            flops = chain.layers.reduce(0) { $0 + $1.flops }
            layers = chain.layers.map { layer in
                let outputs = graph.nodes[layer.node.index].outputs.compactMap { $0.flatMap(bound.type) }
                return Layer(
                    name: layer.name, operator: layer.operatorName, outputs: outputs.map(\.description),
                    parameters: layer.parameterCount, flops: layer.flops)
            }
            outputs = graph.outputs.map {
                Port(name: graph.name(of: $0), type: bound.type(of: $0)?.description ?? "?")
            }
        } else {
            parameters = graph.constants.values.lazy.map(\.type).filter(\.dtype.isFloatingPoint)
                .reduce(0) { $0 + $1.shape.elementCount }
            flops = nil
            layers = graph.nodes.map {
                Layer(name: $0.name, operator: $0.operation.name, outputs: [], parameters: nil, flops: nil)
            }
            outputs = graph.outputs.map { Port(name: graph.name(of: $0), type: "?") }
        }
    }

    public var text: String {
        var table = TextTable([
            ("layer", .right), ("name", .left), ("operator", .left), ("output", .left), ("parameters", .right),
            ("FLOPs", .right),
        ])
        for (index, layer) in layers.enumerated() {
            table.add([
                String(index), layer.name, layer.operator, layer.outputs.first ?? "",
                layer.parameters.map { $0 > 0 ? Quantity.count($0) : "" } ?? "",
                layer.flops.map { Quantity.flops($0) } ?? "",
            ])
        }
        let writer = "\(producer.isEmpty ? "unknown" : producer)\(opset.map { ", opset \($0)" } ?? "")"
        var lines = chain?.lines ?? ["model:      \(path)", "written by: \(writer)"]
        lines += [
            "inputs:     " + inputs.map { "\($0.name) (\($0.type))" }.joined(separator: ", "),
            "outputs:    " + outputs.map { "\($0.name) (\($0.type))" }.joined(separator: ", "),
            "parameters: \(Quantity.count(parameters))",
        ]
        if let flops { lines.append("work:       \(Quantity.flops(flops)) for these shapes") }
        let done = passes.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        if !done.isEmpty {
            lines.append("passes:     " + done.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
        if let shapesUnknown { lines.append("shapes:     unknown, since \(shapesUnknown)") }
        if !unsupported.isEmpty {
            lines.append(
                "not supported: " + unsupported.map { "\($0.operator) (\($0.nodes))" }.joined(separator: ", "))
        }
        return (lines + [""] + table.lines).joined(separator: "\n")
    }
}
