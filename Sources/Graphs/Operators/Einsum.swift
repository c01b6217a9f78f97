public import Tensors

/// Einstein's sum convention: products of the operands' elements at equal indices for equal letters, summed over the
/// letters that the output does not have.
public struct Einsum: OperatorAttributes {
    public var equation: String

    public init(_ equation: String) { self.equation = equation }

    public var operatorName: String { "Einsum" }

    /// An equation with a letter for every axis: the ellipsis is spelled out in digits, aligned at its last axis.
    public struct Plan: Hashable, Sendable {
        /// For each operand its axes' letters.
        public var operands: [[Character]]
        public var output: [Character]
        public var extents: [Character: Int]
    }

    /// The plan for operands of these shapes.
    public func plan(of shapes: [Shape]) throws(InferenceError) -> Plan {
        let sides = equation.filter { $0 != " " }.split(separator: "->", omittingEmptySubsequences: false)
        guard let left = sides.first, sides.count <= 2 else { throw malformed }
        let terms = left.split(separator: ",", omittingEmptySubsequences: false)
        guard terms.count == shapes.count else {
            throw .mismatch("the equation '\(equation)' speaks of \(terms.count) operands, not \(shapes.count)")
        }
        var plan = Plan(operands: [], output: [], extents: [:])
        var ellipsis: [Character] = []
        for (term, shape) in zip(terms, shapes) {
            let (before, after, hasEllipsis) = try split(term)
            let hidden = shape.rank - before.count - after.count
            // Ten digits name the hidden axes; no array that fits in memory has more of them.
            guard hasEllipsis ? (0...10).contains(hidden) : hidden == 0 else {
                throw .mismatch("the term '\(term)' does not fit \(shape)")
            }
            let hiddenLetters = (0..<hidden).map { Character(String(hidden - 1 - $0)) }
            if hiddenLetters.count > ellipsis.count { ellipsis = hiddenLetters }
            let letters = before + hiddenLetters + after
            for (letter, extent) in zip(letters, shape.dimensions) {
                let known = plan.extents[letter] ?? 1
                guard known == extent || known == 1 || extent == 1 else {
                    throw .mismatch("'\(letter)' of '\(equation)' is \(known) and \(extent)")
                }
                plan.extents[letter] = known == 1 ? extent : known
            }
            plan.operands.append(letters)
        }
        if sides.count == 2 {
            let (before, after, hasEllipsis) = try split(sides[1])
            plan.output = before + (hasEllipsis ? ellipsis : []) + after
        } else {
            let all = plan.operands.joined().filter { !ellipsis.contains($0) }
            plan.output = ellipsis + Set(all).filter { letter in all.count(where: { $0 == letter }) == 1 }.sorted()
        }
        guard Set(plan.output).count == plan.output.count, plan.output.allSatisfy({ plan.extents[$0] != nil }) else {
            throw malformed
        }
        return plan
    }

    private var malformed: InferenceError { .mismatch("'\(equation)' is no Einstein sum") }

    private func split(
        _ term: Substring
    ) throws(InferenceError) -> (before: [Character], after: [Character], hasEllipsis: Bool) {
        let parts = term.split(separator: "...", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isLetter } }) else { throw malformed }
        return (Array(parts.first ?? ""), parts.count == 2 ? Array(parts[1]) : [], parts.count == 2)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let first = try operands.type(0)
        var shapes: [Shape] = []
        for index in 0..<operands.count {
            let type = try operands.type(index)
            guard type.dtype == first.dtype else { throw .mismatch("all operands must have one dtype") }
            shapes.append(type.shape)
        }
        let plan = try plan(of: shapes)
        return [TensorType(first.dtype, try checkedShape(plan.output.map { plan.extents[$0]! }))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let plan = try plan(of: operands.types.compactMap { $0?.shape })
        let relations = zip(plan.operands, operands.types).map { letters, type in
            zip(letters, type?.shape.dimensions ?? []).map { letter, extent -> AxisRelation in
                if extent != plan.extents[letter] { return .stretched }
                return plan.output.firstIndex(of: letter).map(AxisRelation.pointwise) ?? .reduced
            }
        }
        return AxisRelations(operands, relations)
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        // Never nil: `outputTypes` has refused operands that do not fit.
        let plan = try? plan(of: operands.compactMap { $0?.shape })
        let products = (plan?.extents.values ?? [:].values).reduce(1.0) { $0 * Double($1) }
        return Cost(flops: products * 2, bytes: Cost.traffic(operands, outputs))
    }
}
