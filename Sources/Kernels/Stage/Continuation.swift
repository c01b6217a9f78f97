internal import Graphs
internal import Tensors

/// How a program continues where types become known only while it runs: a compiled piece, then nodes that see data, one
/// by one, then a program for the rest.
final class Continuation {
    /// Where an operand of a node that sees data comes from.
    private enum Source {
        case slot(Int)
        case constant(Tensor)
    }

    private struct Step {
        let node: Node
        let runner: any NodeRunner
        let operands: [Source?]
        /// Slots of the results that are needed.
        let outputs: [Int?]
        /// What the binding says of the results.
        let types: [TensorType?]
    }

    /// The nodes that are left, and the slots of what they take.
    struct Rest {
        let part: GraphPart
        let inputs: [Int]
        let identity: Int
        /// Where all types are known before the run.
        let program: StageProgram?
    }

    private let bound: BoundGraph
    private let recorder: NodeRecorder?
    private let piece: CompiledPiece
    /// Slots of what the piece takes and of what it makes.
    private let pieceInputs: [Int]
    private let pieceOutputs: [Int]
    private let steps: [Step]
    private let slotCount: Int
    let rest: Rest?
    /// Outputs of the part that are there when the steps have run, and their slots.
    let outputs: [(value: ValueID, slot: Int)]

    init(_ bound: BoundGraph, part: GraphPart, cut: PieceCut, environment: StageEnvironment) throws {
        self.bound = bound
        recorder = environment.recorder
        let graph = bound.graph
        let isConstant = bound.constantValues()
        let restNodes = Set(cut.rest)
        // Values that are needed once the piece has run.
        var wanted = Set<ValueID>()
        for id in cut.ready + cut.rest { wanted.formUnion(graph.nodes[id.index].inputs.compactMap(\.self)) }
        wanted.formUnion(part.outputs)
        let inputs = Set(part.inputs)
        let made = Set(cut.compiled.flatMap { graph.nodes[$0.index].outputs.compactMap(\.self) })
        let pieceOutputs = wanted.filter { value in
            made.contains(value) || (isConstant[value.index] && !inputs.contains(value) && part.outputs.contains(value))
        }
        let taken = Set(cut.compiled.flatMap { graph.nodes[$0.index].inputs.compactMap(\.self) })
        let pieceInputs = part.inputs.filter { taken.contains($0) && cut.typed.contains($0) }
        piece = try CompiledPiece(
            bound, part: GraphPart(nodes: cut.compiled, inputs: pieceInputs, outputs: pieceOutputs.sorted()),
            environment: environment)

        var slots: [ValueID: Int] = [:]
        func slot(_ value: ValueID) -> Int {
            if let slot = slots[value] { return slot }
            slots[value] = slots.count
            return slots.count - 1
        }
        for value in part.inputs { _ = slot(value) }
        self.pieceInputs = pieceInputs.map(slot)
        self.pieceOutputs = piece.part.outputs.map(slot)
        steps = try cut.ready.map { id in
            let node = graph.nodes[id.index]
            let operands = try node.inputs.map { value -> Source? in
                guard let value else { return nil }
                // A value that was fed is taken as it was fed.
                if isConstant[value.index], slots[value] == nil {
                    return .constant(try environment.weights.residentTensor(value))
                }
                return .slot(slot(value))
            }
            return Step(
                node: node, runner: try NodeRunners.runner(for: node, bound: bound, environment: environment),
                operands: operands, outputs: node.outputs.map { $0.map(slot) },
                types: node.outputs.map { $0.flatMap(bound.type) })
        }
        let later = Set(cut.rest.flatMap { graph.nodes[$0.index].outputs.compactMap(\.self) })
        outputs = part.outputs.filter { !later.contains($0) }.map { ($0, slot($0)) }
        rest = try Continuation.rest(
            of: bound, nodes: part.nodes.filter(restNodes.contains), outputs: part.outputs.filter(later.contains),
            slots: slots, environment: environment)
        slotCount = slots.count
    }

    private static func rest(
        of bound: BoundGraph, nodes: [NodeID], outputs: [ValueID], slots: [ValueID: Int], environment: StageEnvironment
    ) throws -> Rest? {
        guard !nodes.isEmpty else { return nil }
        var taken = Set(nodes.flatMap { bound.graph.nodes[$0.index].inputs.compactMap(\.self) })
        taken.formIntersection(slots.keys)
        let part = GraphPart(nodes: nodes, inputs: taken.sorted(), outputs: outputs)
        let isTyped = part.inputs.allSatisfy { bound.type(of: $0) != nil }
        return Rest(
            part: part, inputs: part.inputs.map { slots[$0]! }, identity: environment.cache.newIdentity(),
            program: isTyped ? try StageProgram(bound, part: part, environment: environment) : nil)
    }

    var arenaByteCount: Int { max(piece.arenaByteCount, rest?.program?.arenaByteCount ?? 0) }

    /// Runs the piece and the nodes that see data.
    ///
    /// - Parameter buffer: where an output of the part is to be computed, if anywhere.
    /// - Returns: the values by slot.
    func run(
        _ values: [StageValue], buffer: (ValueID) -> Tensor?, betweenNodes: () throws -> Void
    ) throws -> [StageValue?] {
        var slots = [StageValue?](repeating: nil, count: slotCount)
        for (index, value) in values.enumerated() { slots[index] = value }
        let made = try zip(piece.part.outputs, piece.outputTypes).map { value, type in
            try buffer(value) ?? NodeRunners.tensor(type, for: bound.graph.name(of: value))
        }
        try piece.run(
            inputs: pieceInputs.map { slots[$0]!.tensor! }, outputs: made, betweenNodes: betweenNodes)
        for (slot, tensor) in zip(pieceOutputs, made) { slots[slot] = .tensor(tensor) }
        for step in steps {
            let operands = step.operands.map { source -> StageValue? in
                switch source {
                case .slot(let slot): slots[slot]
                case .constant(let tensor): .tensor(tensor)
                case nil: nil
                }
            }
            try run(step, operands, &slots, betweenNodes)
            recorder?.note(step.node.name)
            try betweenNodes()
        }
        return slots
    }

    private func run(
        _ step: Step, _ operands: [StageValue?], _ slots: inout [StageValue?], _ betweenNodes: () throws -> Void
    ) throws {
        func error(_ reason: String) -> GraphError {
            GraphError(node: step.node, operands: operands.map { $0?.type }, reason: reason)
        }
        let results: [StageValue?]
        do {
            results = try step.runner.run(operands, betweenNodes: betweenNodes)
        } catch let failure as KernelError {
            throw NodeFailure(
                node: step.node.name, element: failure.element, description: error(failure.description).description)
        } catch let failure as InferenceError {
            throw error(failure.description)
        }
        for (index, output) in step.outputs.enumerated() {
            guard let output else { continue }
            guard index < results.count, let result = results[index] else { throw error("it makes no output \(index)") }
            if let type = step.types[index], result.type != type {
                throw error("output \(index) is \(result.summary), and \(type) follows from its operands")
            }
            slots[output] = result
        }
    }

    /// The program for the rest, for what it takes in now.
    func program(of rest: Rest, for values: [StageValue], environment: StageEnvironment) throws -> StageProgram {
        if let program = rest.program { return program }
        let types = values.map(\.type)
        return try environment.cache.program(.init(origin: rest.identity, types: types)) {
            let bound = try BoundGraph(
                bound, part: rest.part, types: rest.part.inputs.types(types), evaluate: ConstantEvaluation.evaluator)
            return try StageProgram(bound, part: rest.part, environment: environment)
        }
    }
}
