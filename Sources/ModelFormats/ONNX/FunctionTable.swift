internal import SwiftProtobuf

/// The functions that a model file defines for itself (https://onnx.ai/onnx/repo-docs/IR.html#functions). Calls are
/// replaced by the nodes of the function, so that nothing behind knows of them.
struct FunctionTable {
    /// A node with the version of the standard operator set that it follows.
    struct Node {
        var proto: Onnx_NodeProto
        let opset: Int
    }

    private struct Key: Hashable {
        let domain: String
        let name: String
        let overload: String
    }

    private let functions: [Key: Onnx_FunctionProto]
    private let path: String

    /// Nodes that one graph may become; functions that call functions grow without bound otherwise.
    private static let nodeLimit = 1 << 20

    init(_ protos: [Onnx_FunctionProto], path: String) throws(ModelError) {
        self.path = path
        var functions: [Key: Onnx_FunctionProto] = [:]
        for proto in protos {
            let key = Key(domain: proto.domain.standardised, name: proto.name, overload: proto.overload)
            guard functions.updateValue(proto, forKey: key) == nil else {
                throw ModelError(path: path, reason: "two functions are named '\(proto.title)'")
            }
        }
        self.functions = functions
    }

    /// The nodes with all calls replaced.
    func expanded(_ nodes: [Onnx_NodeProto], opset: Int) throws(ModelError) -> [Node] {
        guard !functions.isEmpty else { return nodes.map { Node(proto: $0, opset: opset) } }
        var result: [Node] = []
        var prefixes: Set<String> = []
        try expand(nodes.map { Node(proto: $0, opset: opset) }, into: &result, callers: [], prefixes: &prefixes)
        return result
    }

    private func expand(
        _ nodes: [Node], into result: inout [Node], callers: [Key], prefixes: inout Set<String>
    ) throws(ModelError) {
        for node in nodes {
            let key = Key(
                domain: node.proto.domain.standardised, name: node.proto.opType, overload: node.proto.overload)
            guard let function = functions[key] else {
                result.append(node)
                guard result.count <= FunctionTable.nodeLimit else {
                    throw ModelError(
                        path: path, reason: "its functions come to more than \(FunctionTable.nodeLimit) nodes")
                }
                continue
            }
            guard !callers.contains(key) else {
                let chain = (callers + [key]).map { "'\($0.name)'" }.joined(separator: " calls ")
                throw ModelError(path: path, reason: "a function calls itself: \(chain)")
            }
            var prefix = node.proto.label
            while !prefixes.insert(prefix).inserted { prefix += "'" }
            let body = try FunctionCall(function, call: node.proto, prefix: prefix, path: path)
                .nodes(opset: opset(of: function, caller: node.opset))
            try expand(body, into: &result, callers: callers + [key], prefixes: &prefixes)
        }
    }

    private func opset(of function: Onnx_FunctionProto, caller: Int) throws(ModelError) -> Int {
        guard let version = function.opsetImport.first(where: { $0.domain.standardised.isEmpty })?.version else {
            return caller
        }
        guard (1...Int64(ONNXOperator.newestOpset)).contains(version) else {
            throw ModelError(
                path: path,
                reason: "function '\(function.title)' follows opset \(version), and only opset 1 to "
                    + "\(ONNXOperator.newestOpset) are known")
        }
        return Int(version)
    }
}

/// One call of a function: its nodes under names of their own.
private struct FunctionCall {
    private let function: Onnx_FunctionProto
    private let call: Onnx_NodeProto
    private let prefix: String
    /// What names of the function stand for.
    private var names: [String: String] = ["": ""]
    /// Outputs that the function only hands on: from the value of the caller, to the value of the caller.
    private var copies: [(from: String, to: String)] = []
    private var attributes: [String: Onnx_AttributeProto] = [:]

    init(_ function: Onnx_FunctionProto, call: Onnx_NodeProto, prefix: String, path: String) throws(ModelError) {
        self.function = function
        self.call = call
        self.prefix = prefix
        guard call.input.count <= function.input.count, call.output.count <= function.output.count else {
            throw ModelError(
                path: path,
                reason: "node '\(call.label)' calls '\(function.title)' with \(call.input.count) operands and "
                    + "\(call.output.count) outputs; it has \(function.input.count) and \(function.output.count)")
        }
        for (index, name) in function.input.enumerated() {
            names[name] = index < call.input.count ? call.input[index] : ""
        }
        for (name, outer) in zip(function.output, call.output) where !outer.isEmpty {
            if let known = names[name] { copies.append((known, outer)) } else { names[name] = outer }
        }
        for attribute in function.attributeProto { attributes[attribute.name] = attribute }
        for attribute in call.attribute { attributes[attribute.name] = attribute }
    }

    func nodes(opset: Int) -> [FunctionTable.Node] {
        var result = function.node.map { FunctionTable.Node(proto: renamed($0, names), opset: opset) }
        for (from, to) in copies {
            var copy = Onnx_NodeProto()
            copy.opType = "Identity"
            copy.name = "\(prefix)/\(to)"
            copy.input = [from]
            copy.output = [to]
            result.append(FunctionTable.Node(proto: copy, opset: opset))
        }
        return result
    }

    private func renamed(_ node: Onnx_NodeProto, _ names: [String: String]) -> Onnx_NodeProto {
        func name(_ inner: String) -> String { names[inner] ?? "\(prefix)/\(inner)" }
        var result = node
        result.name = "\(prefix)/\(node.label)"
        result.input = node.input.map(name)
        result.output = node.output.map(name)
        result.attribute = node.attribute.compactMap { attribute in
            guard attribute.refAttrName.isEmpty else {
                var resolved = attributes[attribute.refAttrName]
                resolved?.name = attribute.name
                return resolved
            }
            var resolved = attribute
            if attribute.hasG { resolved.g = renamed(attribute.g, names) }
            resolved.graphs = attribute.graphs.map { renamed($0, names) }
            return resolved
        }
        return result
    }

    /// A body inside the function: what it defines itself keeps its name.
    private func renamed(_ graph: Onnx_GraphProto, _ names: [String: String]) -> Onnx_GraphProto {
        var inner = names
        for name in graph.definedNames { inner[name] = name }
        var result = graph
        result.node = graph.node.map { node in
            var result = renamed(node, inner)
            result.name = node.name
            return result
        }
        for index in result.output.indices {
            let name = result.output[index].name
            result.output[index].name = inner[name] ?? "\(prefix)/\(name)"
        }
        return result
    }
}

extension Onnx_FunctionProto {
    fileprivate var title: String { domain.isEmpty ? name : "\(domain).\(name)" }
}

extension String {
    /// A domain; the standard's under either of its names is empty.
    fileprivate var standardised: String { GraphReading.standardDomains.contains(self) ? "" : self }
}
