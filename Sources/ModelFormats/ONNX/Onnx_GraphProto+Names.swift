internal import SwiftProtobuf

extension Onnx_GraphProto {
    /// The values that the graph makes or is given, whatever is around it.
    var definedNames: Set<String> {
        var names = Set(input.map(\.name)).union(initializer.map(\.name))
        names.formUnion(sparseInitializer.map(\.values.name))
        for node in node { names.formUnion(node.output) }
        return names
    }

    /// The values that the graph takes from those around it, in the order of their first use.
    var freeNames: [String] {
        let defined = definedNames
        var seen: Set<String> = []
        var free: [String] = []
        func use(_ name: String) {
            if !name.isEmpty, !defined.contains(name), seen.insert(name).inserted { free.append(name) }
        }
        for node in node { node.usedNames.forEach(use) }
        for output in output { use(output.name) }
        return free
    }
}

extension Onnx_NodeProto {
    /// Operands, and what bodies take from outside.
    var usedNames: [String] { input + bodies.flatMap(\.freeNames) }

    private var bodies: [Onnx_GraphProto] {
        attribute.flatMap { ($0.hasG ? [$0.g] : []) + $0.graphs }
    }
}
