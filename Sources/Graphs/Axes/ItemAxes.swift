internal import Tensors

/// Where the items of a microbatch lie in the values of a bound graph: followed from the inputs through every node by what
/// operators say of their axes (`AxisRelations`).
public struct ItemAxes: Sendable {
    /// Where items lie in one value.
    public enum Place: Hashable, Sendable {
        /// No element depends on an item.
        case nowhere
        /// Along this axis, each item in equally many successive indices that depend on no other item.
        case axis(Int)
        /// Elements may depend on several items, or nobody can say.
        case mixed
    }

    /// By `ValueID.index`.
    private var places: [Place]
    private let itemCount: Int

    /// - Parameters:
    ///   - itemCount: items in the microbatch that the graph is bound to; at least 2, since with one item every axis looks as
    ///     if it held them.
    ///   - inputs: those whose first axis counts the items; the others are the same for all.
    /// - Precondition: the first axes of these inputs have this extent.
    public init(_ bound: BoundGraph, itemCount: Int, inputs: Set<ValueID>) {
        precondition(itemCount > 1 && inputs.allSatisfy { bound.type(of: $0)?.shape.dimensions.first == itemCount })
        self.itemCount = itemCount
        places = [Place](repeating: .nowhere, count: bound.types.count)
        for input in inputs { places[input.index] = .axis(0) }
        for (index, node) in bound.graph.nodes.enumerated() {
            let found = follow(node, in: bound, isDeferred: bound.isDeferred[index])
            for (output, place) in zip(node.outputs, found) {
                if let output { places[output.index] = place }
            }
        }
    }

    public subscript(value: ValueID) -> Place { places[value.index] }

    /// Where items lie in the outputs of a node.
    private func follow(_ node: Node, in bound: BoundGraph, isDeferred: Bool) -> [Place] {
        let attributes = node.operation.attributes
        let carried = node.inputs.map { $0.map { places[$0.index] } ?? .nowhere }
        let isKnown = node.outputs.allSatisfy { $0.map { bound.known[$0] != nil } ?? true }
        if isKnown || (carried.allSatisfy { $0 == .nowhere } && !attributes.hangsOnItem) {
            return node.outputs.map { _ in .nowhere }
        }
        let mixed = node.outputs.map { _ in Place.mixed }
        let operands = bound.operands(of: node)
        guard !isDeferred, !node.operation.hasBodies, !carried.contains(.mixed),
            zip(node.inputs, operands.types).allSatisfy({ $0 == nil || $1 != nil })
        else { return mixed }
        do throws(InferenceError) {
            let types = try attributes.outputTypes(of: operands)
            let relations = try attributes.axes(of: operands, outputs: types)
            let found = node.outputs.indices.map { output in
                place(
                    in: types[output].shape,
                    reading: zip(carried, operands.types).enumerated().compactMap { operand, source in
                        guard case .axis(let axis) = source.0, let extent = source.1?.shape[axis],
                            let relation = relations[output: output, operand: operand]?[axis]
                        else { return nil }
                        return (relation, extent)
                    })
            }
            // A draw counts the items along the first axis.
            return attributes.hangsOnItem && found != [.axis(0)] ? mixed : found
        } catch {
            // Not reached: the binding has typed this node.
            return mixed
        }
    }

    /// Where items lie in an output that reads such axes of items.
    private func place(in shape: Shape, reading sources: [(relation: AxisRelation, extent: Int)]) -> Place {
        var found: Int?
        for (relation, extent) in sources {
            guard case .window(let axis, let window) = relation, found ?? axis == axis,
                keepsItemsApart(window, from: extent, to: shape[axis])
            else { return .mixed }
            found = axis
        }
        return found.map(Place.axis) ?? .nowhere
    }

    /// Whether each item's share of an output's axis reads nothing but the same item's share of an operand's.
    private func keepsItemsApart(_ window: AxisWindow, from extent: Int, to target: Int) -> Bool {
        guard target % itemCount == 0, extent % itemCount == 0 else { return false }
        let (own, other) = (target / itemCount, extent / itemCount)
        return (0..<itemCount).allSatisfy { item in
            let read = window.indices(readBy: (item * own)..<((item + 1) * own), of: extent)
            return read.isEmpty || (read.lowerBound >= item * other && read.upperBound <= (item + 1) * other)
        }
    }
}
