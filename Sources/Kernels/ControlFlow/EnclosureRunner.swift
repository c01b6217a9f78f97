internal import Graphs
internal import Tensors

/// Runs a body once.
struct EnclosureRunner: NodeRunner {
    private let body: BodyProgram

    init(_ enclosure: Enclosure, _ node: Node, bound: BoundGraph, environment: StageEnvironment) throws {
        body = BodyProgram(
            enclosure.body, of: node, index: 0, known: node.inputs.map { $0.flatMap { bound.known[$0] } },
            environment: environment)
        let types = node.inputs.map { $0.flatMap(bound.type) }
        if !types.contains(where: { $0 == nil }) { _ = try body.compiled(for: types) }
    }

    func run(_ operands: [StageValue?], betweenNodes: () throws -> Void) throws -> [StageValue?] {
        try body.run(operands, betweenNodes: betweenNodes)
    }
}
