internal import Graphs
internal import Kernels
internal import Planning
internal import Runtime
internal import Tensors

/// What a stage could not compute, in terms that the user knows: the model file, the items, and the inputs that the
/// values came from.
struct ItemFailure: Error, CustomStringConvertible {
    let description: String

    /// - Parameter itemNames: nil where the rank does not know them.
    init(_ microbatch: MicrobatchFailure, of assignment: JobAssignment, itemNames: ItemNames?) {
        let items = assignment.batching.items(of: microbatch.microbatch)
        let origin = microbatch.node.map { IndexOrigin($0, in: assignment, itemCount: items.count) }
        func called(_ item: Int) -> String { itemNames?[item].map { "\(item) ('\($0)')" } ?? "\(item)" }
        let at: String
        if let place = origin?.place {
            at = "at item \(called(items[place]))"
        } else if items.count == 1 {
            at = "at item \(called(items[0]))"
        } else {
            at =
                "at one of the items \(items.prefix(8).map(called).joined(separator: ", "))"
                + (items.count > 8 ? ", ... (\(items.count) of them)" : "")
                + "; with schedule.microbatch: 1 the message names it"
        }
        let graph = assignment.graph
        var names = origin?.inputs ?? []
        if names.isEmpty { names = graph.itemInputs.map { graph.name(of: $0.value) } }
        let inputs = names.map { name in
            let path = assignment.specification.path(ofInput: name).map { " (\($0))" } ?? ""
            return "'\(name)'\(path)"
        }
        let from =
            inputs.isEmpty
            ? "" : "; the values come from input\(inputs.count == 1 ? "" : "s") \(inputs.joined(separator: ", "))"
        description = "\(assignment.modelPath): \(microbatch.reason), \(at)\(from)"
    }
}

/// Where the indices of a node that failed come from.
private struct IndexOrigin {
    /// Inputs of the model, by name.
    var inputs: [String] = []
    /// Of the item in the microbatch; nil where the indices come from several items, or are computed inside the model.
    var place: Int?

    init(_ failure: NodeFailure, in assignment: JobAssignment, itemCount: Int) {
        let graph = assignment.graph
        guard let node = graph.nodes.first(where: { $0.name == failure.node }) else { return }
        var makers: [ValueID: Node] = [:]
        for node in graph.nodes { for output in node.outputs { if let output { makers[output] = node } } }
        let itemInputs = Dictionary(uniqueKeysWithValues: graph.itemInputs.map { ($0.value, graph.name(of: $0.value)) })

        // Only operators that take indices name an element, and the indices are their second operand.
        let indices = failure.element == nil || node.inputs.count < 2 ? node.inputs : [node.inputs[1]]
        var waiting = indices.compactMap(\.self)
        var seen = Set(waiting)
        while let value = waiting.popLast() {
            if let name = itemInputs[value] { inputs.append(name) }
            for operand in makers[value]?.inputs ?? [] {
                if let operand, seen.insert(operand).inserted { waiting.append(operand) }
            }
        }
        inputs.sort()

        guard let element = failure.element, var value = indices.first ?? nil else { return }
        while let maker = makers[value], IndexOrigin.keepsOrder(maker.operation), let operand = maker.inputs[0] {
            value = operand
        }
        guard let name = itemInputs[value], assignment.items[name] == .rows else { return }
        // [items, ...] in row-major order.
        let index = graph.inputs.firstIndex { $0.value == value }!
        let form = assignment.batching.classes.lazy.map { $0.inputs[index] }.first
        guard let count = form?.type.shape.elementCount, count > 0,
            assignment.batching.classes.allSatisfy({ $0.inputs[index].type.shape.elementCount == count }),
            element / count < itemCount
        else { return }
        place = element / count
    }

    /// Whether each element of the result is at the same place as in the first operand.
    private static func keepsOrder(_ operation: Operation) -> Bool {
        ["Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"].contains(operation.name)
    }
}

extension JobSpecification {
    /// The path of the file or files that an input is read from, where it is a single path.
    func path(ofInput name: String) -> String? {
        switch input ?? inputs[name] {
        case .array(let array)?: array.array
        case .arrays(let arrays)?: arrays.arrays.count == 1 ? arrays.arrays[0].path : nil
        case .images(let images)?: images.images.count == 1 ? images.images[0].path : nil
        case .text(let text)?: text.text.count == 1 ? text.text[0] : nil
        case .constant?, .carried?, nil: nil
        }
    }
}
