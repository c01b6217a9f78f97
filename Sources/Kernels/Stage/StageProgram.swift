public import Graphs
public import Tensors

/// A stage compiled for given types.
///
/// Where all types are known before the run it is one `CompiledPiece`, and running it allocates nothing but the list of
/// results. Otherwise the piece covers what is known, then come the nodes that must see data (`NodeRunner`), and then a
/// program for the rest, compiled for the types that became known and kept for the next time they do.
public final class StageProgram {
    public let part: GraphPart
    /// nil where the type is known only when the value arrives.
    public let inputTypes: [TensorType?]
    /// nil where the type is known only when the stage has run.
    public let outputTypes: [TensorType?]

    private enum Form {
        /// Some inputs have no types yet: nothing is compiled before they arrive.
        case open(BoundGraph, identity: Int)
        case fixed(CompiledPiece)
        case continued(Continuation)
    }

    /// Enough for some hundred places in a model that depend on data, or for some hundred shapes at one place.
    public static let standardCacheCapacity = 256

    private let form: Form
    private unowned let environment: StageEnvironment
    /// The outermost program's: what it compiles while it runs must not keep it alive.
    private let ownedEnvironment: StageEnvironment?

    /// Compiles a part of a graph. Weights that the part needs are read and packed now, unless `weights` has them, as far
    /// as types are known; the rest when it first runs.
    ///
    /// - Parameters:
    ///   - cacheCapacity: programs kept for types that become known only while the stage runs.
    ///   - recorder: is told of each node that has run.
    /// - Throws: `GraphError` naming the node that cannot be computed at these shapes, `FileError` for weights that
    ///   cannot be read.
    public convenience init(
        _ bound: BoundGraph, part: GraphPart, weights: StageWeights, arena: Arena, pool: WorkerPool,
        cacheCapacity: Int = StageProgram.standardCacheCapacity, recorder: NodeRecorder? = nil
    ) throws {
        let environment = StageEnvironment(
            weights: weights, arena: arena, pool: pool, cacheCapacity: cacheCapacity, recorder: recorder)
        let isOpen = part.inputs.contains { bound.type(of: $0) == nil }
        try self.init(bound, part: part, environment: environment, owning: environment, isOpen: isOpen)
    }

    /// A program that another one continues with: what has no type in `bound` is no tensor.
    convenience init(_ bound: BoundGraph, part: GraphPart, environment: StageEnvironment) throws {
        try self.init(bound, part: part, environment: environment, owning: nil, isOpen: false)
    }

    private init(
        _ bound: BoundGraph, part: GraphPart, environment: StageEnvironment, owning owned: StageEnvironment?,
        isOpen: Bool
    ) throws {
        self.part = part
        self.environment = environment
        ownedEnvironment = owned
        inputTypes = part.inputs.map(bound.type)
        outputTypes = part.outputs.map(bound.type)
        guard !isOpen else {
            form = .open(bound, identity: environment.cache.newIdentity())
            return
        }
        environment.weights.adopt(bound)
        let cut = PieceCut(bound, part: part)
        if cut.compiled.isEmpty, cut.ready.isEmpty, let stuck = cut.rest.first {
            let node = bound.graph.nodes[stuck.index]
            throw GraphError(
                node: node, operands: node.inputs.map { $0.flatMap(bound.type) },
                reason: "it takes a value that neither its stage nor those before it make at these shapes")
        }
        // Without what this binding has folded.
        let whole = GraphPart(nodes: cut.compiled, inputs: part.inputs, outputs: part.outputs)
        form =
            cut.isWhole
            ? .fixed(try CompiledPiece(bound, part: whole, environment: environment))
            : .continued(try Continuation(bound, part: part, cut: cut, environment: environment))
    }

    /// Bytes of activations and scratch that a run uses, as far as they are known before it.
    public var arenaByteCount: Int {
        switch form {
        case .open: 0
        case .fixed(let piece): piece.arenaByteCount
        case .continued(let continuation): continuation.arenaByteCount
        }
    }

    /// Programs kept now for types that became known while this one ran.
    var cachedProgramCount: Int { environment.cache.count }
    /// Programs compiled while this one ran.
    var compilationCount: Int { environment.cache.compilations }

    /// Computes the stage once.
    ///
    /// - Parameters:
    ///   - inputs: one for each of `part.inputs`, of `inputTypes` where these are known.
    ///   - outputs: tensors to fill, one for each of `part.outputs`, of `outputTypes`; nil where the type is not known.
    ///   - items: the job's numbers of the items in the inputs, in order, which random numbers depend on; none where
    ///     there are no items.
    ///   - betweenNodes: called after each node, for communication to make progress.
    /// - Returns: the results: those of `outputs`, and new tensors where there are none.
    @discardableResult
    public func run(
        inputs: [Tensor], outputs: [Tensor?], items: [Int] = [], betweenNodes: () throws -> Void = {}
    ) throws -> [Tensor] {
        environment.items = items
        if case .fixed(let piece) = form {
            let outputs = zip(outputs, piece.outputTypes).map { $0 ?? Tensor(uninitialized: $1.dtype, shape: $1.shape) }
            try piece.run(inputs: inputs, outputs: outputs, betweenNodes: betweenNodes)
            return outputs
        }
        let results = try run(values: inputs.map(StageValue.tensor), outputs: outputs, betweenNodes: betweenNodes)
        return try zip(part.outputs, results).map { _, result in
            guard let tensor = result.tensor else {
                throw GraphError("\(result.summary) leaves a stage; only tensors can")
            }
            return tensor
        }
    }

    /// The same for values of any kind.
    ///
    /// - Parameter outputs: tensors to fill; nil where a new one is to be made.
    public func run(
        values: [StageValue], outputs: [Tensor?], betweenNodes: () throws -> Void = {}
    ) throws -> [StageValue] {
        precondition(values.count == part.inputs.count && outputs.count == part.outputs.count)
        var results = [StageValue?](repeating: nil, count: outputs.count)
        var program = try typed(for: values)
        var values = values
        while true {
            // Held, since the cache may drop it meanwhile.
            let current = program
            switch current.form {
            case .open: preconditionFailure("a program for given types knows all of them")
            case .fixed(let piece):
                let made = zip(piece.part.outputs, piece.outputTypes).map { value, type in
                    buffer(for: value, outputs) ?? Tensor(uninitialized: type.dtype, shape: type.shape)
                }
                try piece.run(inputs: values.map { $0.tensor! }, outputs: made, betweenNodes: betweenNodes)
                for (value, tensor) in zip(piece.part.outputs, made) { results[index(of: value)] = .tensor(tensor) }
                return results.map { $0! }
            case .continued(let continuation):
                var slots = try continuation.run(
                    values, buffer: { buffer(for: $0, outputs) }, betweenNodes: betweenNodes)
                for (value, slot) in continuation.outputs {
                    results[index(of: value)] = settled(slots[slot]!, in: buffer(for: value, outputs))
                }
                guard let rest = continuation.rest else { return results.map { $0! } }
                values = rest.inputs.map { slots[$0]! }
                // What the rest does not take may be freed.
                slots = []
                program = try continuation.program(of: rest, for: values, environment: current.environment)
            }
        }
    }

    private func index(of output: ValueID) -> Int { part.outputs.firstIndex(of: output)! }

    private func buffer(for output: ValueID, _ buffers: [Tensor?]) -> Tensor? {
        part.outputs.firstIndex(of: output).flatMap { buffers[$0] }
    }

    /// A result in the memory that its taker gave for it.
    private func settled(_ value: StageValue, in buffer: Tensor?) -> StageValue {
        guard let buffer, let tensor = value.tensor, tensor.pointer != buffer.pointer else { return value }
        precondition(tensor.type == buffer.type, "a result of another type")
        tensor.withBytes { source in buffer.withMutableBytes { $0.copyMemory(from: source) } }
        return .tensor(buffer)
    }

    /// Itself, or the program for the types of inputs that have just arrived.
    private func typed(for values: [StageValue]) throws -> StageProgram {
        for (type, value) in zip(inputTypes, values) {
            precondition(type == nil || type == value.type, "tensors of other types")
        }
        guard case .open(let bound, let identity) = form else { return self }
        let types = values.map(\.type)
        return try environment.cache.program(.init(origin: identity, types: types)) {
            let bound = try BoundGraph(
                bound, part: part, types: part.inputs.types(types), evaluate: ConstantEvaluation.evaluator)
            return try StageProgram(bound, part: part, environment: environment)
        }
    }
}

extension [ValueID] {
    /// The types of those values that have one.
    func types(_ types: [TensorType?]) -> [ValueID: TensorType] {
        var table: [ValueID: TensorType] = [:]
        for case (let value, let type?) in zip(self, types) { table[value] = type }
        return table
    }
}
