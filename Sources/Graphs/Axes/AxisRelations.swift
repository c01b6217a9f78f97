public import Tensors

/// What each output of an operator reads of each operand, axis by axis: an element of an output reads elements of an operand
/// only at the indices that all of the operand's axes allow. Elements that decide shapes count as read.
public struct AxisRelations: Hashable, Sendable {
    /// By output, by operand, and by axis of the operand.
    private let relations: [[[AxisRelation]?]]

    /// - Parameter outputs: for each the relations of its operands, in order: nil for one that the output reads no element of.
    ///   Operands behind the last one given are opaque; of operands that are left out, what is given is ignored.
    /// - Precondition: each list has a relation for each axis of its operand.
    init(_ operands: Operands, _ outputs: [[AxisRelation]?]...) {
        self.init(operands, outputs: outputs)
    }

    /// The same for outputs in a list.
    init(_ operands: Operands, outputs: [[[AxisRelation]?]]) {
        relations = outputs.map { given in
            operands.types.enumerated().map { index, type in
                guard let type else { return nil }
                guard index < given.count else { return Array(repeating: .opaque, count: type.shape.rank) }
                precondition(given[index].map { $0.count == type.shape.rank } ?? true, "a relation for each axis")
                return given[index]
            }
        }
    }

    /// Every element of every output may read every element of every operand.
    public static func opaque(_ operands: Operands, outputs: [TensorType]) -> AxisRelations {
        AxisRelations(operands, outputs: outputs.map { _ in [] })
    }

    /// Every operand is broadcast to every output.
    static func elementwise(_ operands: Operands, outputs: [TensorType]) -> AxisRelations {
        AxisRelations(
            operands,
            outputs: outputs.map { output in
                operands.types.map { type in type.map { .broadcast($0.shape, to: output.shape) } }
            })
    }

    /// What an output reads of an operand, by axis of the operand; nil where it reads no element of it.
    public subscript(output output: Int, operand operand: Int) -> [AxisRelation]? { relations[output][operand] }

    /// The smallest region of an operand that holds all that a region of an output reads.
    ///
    /// - Parameters:
    ///   - shape: of the operand.
    ///   - region: a range for each axis of the output, none of them empty.
    /// - Returns: a range for each axis of the operand; nil where nothing of it is read.
    public func region(
        ofOperand operand: Int, shape: Shape, readBy region: [Range<Int>], ofOutput output: Int
    ) -> [Range<Int>]? {
        guard let relations = relations[output][operand] else { return nil }
        let ranges = zip(relations, shape.dimensions).map { $0.indices(readBy: region, of: $1) }
        return ranges.contains(where: \.isEmpty) ? nil : ranges
    }
}

extension Operands {
    /// The relations of an operand that may be left out.
    func relations(_ index: Int, _ make: (Shape) -> [AxisRelation]) -> [AxisRelation]? {
        index < count ? types[index].map { make($0.shape) } : nil
    }

    /// All axes of an operand in one relation.
    func relations(_ index: Int, all relation: AxisRelation) -> [AxisRelation]? {
        relations(index) { Array(repeating: relation, count: $0.rank) }
    }
}
