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
    /// One for all graphs of a model: functions may also be called from bodies, in which bodies call functions.
    private let budget = Budget()
    /// Nodes and calls that a call of each function expands to, those in its bodies too.
    private var sizes: [Key: Int] = [:]

    /// What calls may expand to in one model. Functions that call functions grow exponentially, so that a file of a
    /// kilobyte could ask for any number of nodes.
    private final class Budget {
        private(set) var nodes = 0
        private(set) var nameBytes = 0

        /// Counts a node, or a call, that a function brought, and its name.
        func spend(nameBytes: Int) -> Bool {
            nodes += 1
            self.nameBytes += nameBytes
            return nodes <= nodeLimit && self.nameBytes <= nameLimit
        }
    }

    /// Nodes and calls that functions may bring into a model.
    static let nodeLimit = 1 << 18
    /// Bytes of these nodes' names, which grow by the name of each call around.
    private static let nameLimit = 1 << 26
    /// Bodies within bodies, counted through calls: each is read inside the reading of the one around.
    private static let depthLimit = 48

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
        try checkCalls(protos.map { Key(domain: $0.domain.standardised, name: $0.name, overload: $0.overload) })
    }

    /// Throws where a function calls itself, directly or not, in a body too, or where bodies lie too deep.
    ///
    /// - Parameter keys: of the functions, in the order of the file.
    private mutating func checkCalls(_ keys: [Key]) throws(ModelError) {
        // Depth first without recursion: calls may be deeper than stacks.
        var depths: [Key: Int] = [:]
        var open: [Key] = []
        var isOpen: Set<Key> = []
        var stack: [(key: Key, calls: [(Key, Int)], next: Int)] = []
        func enter(_ key: Key) {
            var calls: [(Key, Int)] = []
            for node in functions[key]?.node ?? [] { collect(node, depth: 0, into: &calls) }
            stack.append((key, calls, 0))
            open.append(key)
            isOpen.insert(key)
        }
        for root in keys where depths[root] == nil {
            enter(root)
            while let top = stack.last {
                guard top.next < top.calls.count else {
                    let depth = top.calls.reduce(0) { max($0, $1.1 + (depths[$1.0] ?? 0)) }
                    guard depth <= FunctionTable.depthLimit else {
                        throw ModelError(path: path, reason: "bodies nested too deeply by function '\(top.key.name)'")
                    }
                    depths[top.key] = depth
                    sizes[top.key] = top.calls.reduce(functions[top.key]?.node.count ?? 0) { sum, call in
                        min(FunctionTable.nodeLimit + 1, sum + (sizes[call.0] ?? 0))
                    }
                    stack.removeLast()
                    open.removeLast()
                    isOpen.remove(top.key)
                    continue
                }
                stack[stack.count - 1].next += 1
                let called = top.calls[top.next].0
                guard depths[called] == nil else { continue }
                guard !isOpen.contains(called) else {
                    let first = open.firstIndex(of: called) ?? 0
                    let chain = (open[first...].prefix(8) + [called]).map { "'\($0.name)'" }
                        .joined(separator: " calls ")
                    throw ModelError(path: path, reason: "a function calls itself: \(chain)")
                }
                enter(called)
            }
        }
    }

    /// The functions that a node calls, and those that its bodies call, with how deep in bodies.
    private func collect(_ node: Onnx_NodeProto, depth: Int, into calls: inout [(Key, Int)]) {
        let key = Key(domain: node.domain.standardised, name: node.opType, overload: node.overload)
        if functions[key] != nil { calls.append((key, depth)) }
        for attribute in node.attribute where attribute.hasG || !attribute.graphs.isEmpty {
            for graph in (attribute.hasG ? [attribute.g] : []) + attribute.graphs {
                for inner in graph.node { collect(inner, depth: depth + 1, into: &calls) }
            }
        }
    }

    /// The nodes with all calls replaced.
    func expanded(_ nodes: [Onnx_NodeProto], opset: Int) throws(ModelError) -> [Node] {
        guard !functions.isEmpty else { return nodes.map { Node(proto: $0, opset: opset) } }
        var result: [Node] = []
        var prefixes: [String: Int] = [:]
        try expand(nodes.map { Node(proto: $0, opset: opset) }, into: &result, isOwn: true, prefixes: &prefixes)
        return result
    }

    private var excess: ModelError {
        ModelError(
            path: path,
            reason: "its functions come to more than \(FunctionTable.nodeLimit) nodes, or to names of more "
                + "than \(FunctionTable.nameLimit >> 20) MiB; export the model with fewer functions inside functions")
    }

    /// - Parameter isOwn: whether the nodes are in the file as they are, rather than come from a call.
    private func expand(
        _ nodes: [Node], into result: inout [Node], isOwn: Bool, prefixes: inout [String: Int]
    ) throws(ModelError) {
        // A list and no recursion: calls may be deeper than stacks.
        var pending = nodes.reversed().map { (node: $0, isOwn: isOwn) }
        while let (node, isOwn) = pending.popLast() {
            if !isOwn {
                let size = node.proto.name.utf8.count + node.proto.output.reduce(0) { $0 + $1.utf8.count }
                guard budget.spend(nameBytes: size) else { throw excess }
            }
            let key = Key(
                domain: node.proto.domain.standardised, name: node.proto.opType, overload: node.proto.overload)
            guard let function = functions[key] else {
                result.append(node)
                continue
            }
            // Known before any of it is made.
            guard !isOwn || budget.nodes + (sizes[key] ?? 0) <= FunctionTable.nodeLimit else { throw excess }
            // Two calls with one name are still two.
            let label = node.proto.label
            let count = prefixes[label, default: 0]
            prefixes[label] = count + 1
            var prefix = count == 0 ? label : "\(label)'\(count + 1)"
            while count > 0, prefixes.updateValue(1, forKey: prefix) != nil { prefix += "'" }
            let body = try FunctionCall(function, call: node.proto, prefix: prefix, path: path)
                .nodes(opset: opset(of: function, caller: node.opset))
            pending += body.reversed().map { (node: $0, isOwn: false) }
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
    /// What names of the function refer to.
    private var names: [String: String] = ["": ""]
    /// Outputs that the function only passes on: from the value of the caller, to the value of the caller.
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
