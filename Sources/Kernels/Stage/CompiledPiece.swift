internal import Graphs
internal import Tensors

/// Nodes compiled for concrete shapes: kernels in order, and where each of their operands lies. Running them allocates
/// nothing.
final class CompiledPiece {
    private struct Step {
        let name: String
        let kernel: any Kernel
        /// Where its operands, then its results, start in `pointers`.
        let firstInput: Int
        let firstOutput: Int
        let end: Int
    }

    let part: GraphPart
    let inputTypes: [TensorType]
    let outputTypes: [TensorType]
    private let steps: [Step]
    private let locations: [Location?]
    private let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer?>  // [locations.count]
    private let constants: [Tensor]
    private let arena: Arena
    private let pool: WorkerPool
    private let recorder: NodeRecorder?
    /// Which the outermost program owns, as long as it runs.
    private unowned let environment: StageEnvironment
    private let scratchOffset: Int
    private let scratchStride: Int

    /// Weights that the part needs are read and packed now, unless `environment` has them.
    ///
    /// - Precondition: everything that crosses the part's border or is made in it has a type.
    /// - Throws: `GraphError` naming the node that cannot be computed at these shapes, `FileError` for weights that
    ///   cannot be read.
    init(_ bound: BoundGraph, part: GraphPart, environment: StageEnvironment) throws {
        self.part = part
        arena = environment.arena
        pool = environment.pool
        recorder = environment.recorder
        self.environment = environment
        let weights = environment.weights
        inputTypes = part.inputs.map { bound.type(of: $0)! }
        outputTypes = part.outputs.map { bound.type(of: $0)! }
        let nodes = bound.fusedNodes(of: part)

        var kernels: [any Kernel] = []
        for node in nodes { kernels.append(try CompiledPiece.makeKernel(node, bound: bound, weights: weights)) }

        // Constants that kernels read while they run.
        var resident: [ValueID: Int] = [:]
        var constants: [Tensor] = []
        func keep(_ value: ValueID) throws {
            guard resident[value] == nil, weights.isConstant(value) else { return }
            resident[value] = constants.count
            constants.append(try weights.residentTensor(value))
        }
        for (node, kernel) in zip(nodes, kernels) {
            for case (let index, let value?) in node.inputs.enumerated() where !kernel.absorbedOperands.contains(index)
            {
                try keep(value)
            }
        }
        for value in part.outputs { try keep(value) }
        self.constants = constants

        let memory = StageMemory(
            nodes: nodes, inputs: part.inputs, outputs: part.outputs, types: bound.types, constants: resident,
            overwritable: zip(nodes, kernels).map { $0.operation.elementwiseOperands.union($1.overwritableOperands) })
        var steps: [Step] = []
        var locations: [Location?] = []
        for (index, (node, kernel)) in zip(nodes, kernels).enumerated() where !memory.isAliased[index] {
            let firstInput = locations.count
            for (operand, value) in node.inputs.enumerated() {
                locations.append(kernel.absorbedOperands.contains(operand) ? nil : value.flatMap(memory.location))
            }
            let firstOutput = locations.count
            locations += node.outputs.map { $0.flatMap(memory.location) }
            steps.append(
                Step(
                    name: node.name, kernel: kernel, firstInput: firstInput, firstOutput: firstOutput,
                    end: locations.count))
        }
        for (value, output) in memory.copies {
            steps.append(
                Step(
                    name: bound.graph.name(of: value), kernel: CopyKernel(byteCount: bound.type(of: value)!.byteCount),
                    firstInput: locations.count, firstOutput: locations.count + 1, end: locations.count + 2))
            locations += [memory.location(of: value), .output(output)]
        }
        self.steps = steps
        self.locations = locations
        pointers = .allocate(capacity: max(locations.count, 1))
        pointers.initialize(repeating: nil, count: max(locations.count, 1))
        scratchOffset = memory.arenaByteCount
        scratchStride = ((steps.map(\.kernel.scratchByteCount).max() ?? 0) + 63) & ~63
        try SystemMemory.require(
            scratchOffset + scratchStride * pool.threadCount,
            for: "the activations of a stage that begins at '\(steps.first?.name ?? "")'")
        arena.reserve(scratchOffset + scratchStride * pool.threadCount)
    }

    deinit { pointers.deallocate() }

    /// Bytes of activations and scratch that a run uses.
    var arenaByteCount: Int { scratchOffset + scratchStride * pool.threadCount }

    private static func makeKernel(_ node: Node, bound: BoundGraph, weights: StageWeights) throws -> any Kernel {
        let inputTypes = node.inputs.map { $0.flatMap(bound.type) }
        do {
            let request = KernelRequest(
                operation: node.operation, inputTypes: inputTypes, outputTypes: try outputTypes(of: node, bound: bound),
                identity: node.outputs.lazy.compactMap(\.self).first ?? ValueID(0), inputs: node.inputs,
                weights: weights)
            return try KernelFactory.makeKernel(request)
        } catch let error as KernelError {
            throw GraphError(node: node, operands: inputTypes, reason: error.description)
        } catch let error as InferenceError {
            throw GraphError(node: node, operands: inputTypes, reason: error.description)
        }
    }

    /// The types of all results that a node can have, those that nobody asked for among them: a split cannot tell where
    /// its parts lie without the others.
    private static func outputTypes(of node: Node, bound: BoundGraph) throws(InferenceError) -> [TensorType] {
        let operands = node.inputs.map { value in
            value.flatMap { value in
                bound.type(of: value).map { Operands.Operand(type: $0, constant: bound.known[value]) }
            }
        }
        return try node.operation.attributes.outputTypes(of: Operands(operands))
    }

    /// Computes the nodes once.
    ///
    /// - Parameters:
    ///   - inputs: one for each of `part.inputs`, of `inputTypes`.
    ///   - outputs: tensors to fill, one for each of `part.outputs`, of `outputTypes`.
    ///   - betweenNodes: called after each node, for communication to make progress.
    func run(inputs: [Tensor], outputs: [Tensor], betweenNodes: () throws -> Void) throws {
        precondition(inputs.map(\.type) == inputTypes && outputs.map(\.type) == outputTypes, "tensors of other types")
        let arenaPointer = arena.pointer
        for (index, location) in locations.enumerated() {
            switch location {
            case .arena(let offset): pointers[index] = arenaPointer + offset
            case .input(let number): pointers[index] = inputs[number].pointer
            case .output(let number): pointers[index] = outputs[number].pointer
            case .constant(let number): pointers[index] = constants[number].pointer
            case nil: pointers[index] = nil
            }
        }
        for step in steps {
            do throws(KernelError) {
                try step.kernel.run(
                    KernelOperands(
                        inputs: .init(start: pointers + step.firstInput, count: step.firstOutput - step.firstInput),
                        outputs: .init(start: pointers + step.firstOutput, count: step.end - step.firstOutput)),
                    KernelContext(
                        pool: pool, scratch: arenaPointer + scratchOffset, scratchStride: scratchStride,
                        items: environment.items))
            } catch {
                throw NodeFailure(
                    node: step.name, element: error.element, description: "node '\(step.name)': \(error)")
            }
            recorder?.note(step.name)
            try betweenNodes()
        }
    }
}
