internal import Graphs
internal import Tensors

/// Runs the branch that the condition says.
struct ConditionalRunner: NodeRunner {
    private let then: BodyProgram
    private let otherwise: BodyProgram

    init(_ conditional: Conditional, _ node: Node, bound: BoundGraph, environment: StageEnvironment) throws {
        let captured = node.inputs.dropFirst()
        let known = captured.map { $0.flatMap { bound.known[$0] } }
        then = BodyProgram(conditional.thenBranch, of: node, index: 0, known: known, environment: environment)
        otherwise = BodyProgram(conditional.elseBranch, of: node, index: 1, known: known, environment: environment)
        // What can be compiled is compiled now; a branch that does not fit these types may never be taken.
        let types = captured.map { $0.flatMap(bound.type) }
        guard !types.contains(where: { $0 == nil }) else { return }
        let condition = node.inputs[0].flatMap { bound.known[$0] }.map { $0.withBytes { $0[0] != 0 } }
        if condition != false { try ConditionalRunner.prepare(then, types, isCertain: condition != nil) }
        if condition != true { try ConditionalRunner.prepare(otherwise, types, isCertain: condition != nil) }
    }

    private static func prepare(_ body: BodyProgram, _ types: [TensorType?], isCertain: Bool) throws {
        do {
            _ = try body.compiled(for: types)
        } catch let error as GraphError {
            if isCertain { throw error }
        }
    }

    func run(_ operands: [StageValue?], betweenNodes: () throws -> Void) throws -> [StageValue?] {
        guard let condition = operands[0]?.tensor, condition.dtype == .bool, condition.elementCount == 1 else {
            throw KernelError("the condition must be one bool")
        }
        let body = condition.withBytes { $0[0] != 0 } ? then : otherwise
        return try body.run(operands.dropFirst(), betweenNodes: betweenNodes)
    }
}
