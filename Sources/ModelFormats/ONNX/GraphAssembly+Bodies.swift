internal import Graphs
internal import Tensors

/// What reading a body needs besides the graph around it.
struct ImportContext {
    let path: String
    let functions: FunctionTable
    let tensors: TensorReader
}

/// The bodies of a node, read.
struct ImportedBodies {
    var graphs: [Graph]
    /// Values of the graph around that are parameters of all bodies, behind the bodies' own.
    let captured: [ValueID]
    /// The dtypes and ranks of each body's outputs, as far as the file tells.
    var dtypes: [[DType?]]
    var ranks: [[Int?]]
}

extension GraphAssembly {
    /// Reads the bodies of a node. What they take from outside becomes parameters; constants move in.
    ///
    /// - Parameter feeding: operands that the bodies' own first parameters get, for their dtypes.
    func bodies(_ node: ONNXNode, _ names: [String], feeding: [ValueID?] = []) throws(ConversionError) -> ImportedBodies
    {
        var protos: [Onnx_GraphProto] = []
        for name in names { protos.append(try node.graph(name)) }
        var captured: [(name: String, value: ValueID)] = []
        var constants: [(name: String, constant: Constant)] = []
        var seen: Set<String> = []
        for name in protos.flatMap(\.freeNames) where seen.insert(name).inserted {
            guard let value = values[name] else {
                throw .malformed("its body takes '\(name)', which is no input, no initializer and no node's output")
            }
            if let constant = graph.constants[value] {
                constants.append((name, constant))
            } else {
                captured.append((name, value))
            }
        }
        var result = ImportedBodies(graphs: [], captured: captured.map(\.value), dtypes: [], ranks: [])
        for (name, proto) in zip(names, protos) {
            var reading = GraphReading(proto: proto, context: context, opset: node.opset)
            do throws(ModelError) {
                let own = feeding.map { value in
                    GraphReading.Captured(name: "", dtype: value.flatMap { dtypes[$0] }, rank: nil)
                }
                let outer = captured.map {
                    GraphReading.Captured(
                        name: $0.name, dtype: dtypes[$0.value], rank: ranks[$0.value],
                        isSequence: isSequence($0.value))
                }
                result.graphs.append(try reading.body(own: own, captured: outer, constants: constants))
            } catch {
                throw .malformed("in its body '\(name)': \(error.reason)")
            }
            result.dtypes.append(reading.outputDTypes)
            result.ranks.append(reading.outputRanks)
        }
        return result
    }
}
