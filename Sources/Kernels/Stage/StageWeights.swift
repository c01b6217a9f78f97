public import Graphs
internal import Tensors

/// The constants of one rank's stage: read from files when first asked for, computed from other constants where the
/// graph says so, packed once, and shared by the programs compiled for different shapes.
public final class StageWeights {
    private let graph: Graph
    /// By `ValueID.index`: constants, and what follows from nothing else. Other values that are known before the run
    /// depend on the shapes of a binding and must not be shared between bindings.
    private let isFixed: [Bool]
    /// The node that computes a constant from other constants, for the current binding.
    private var loadTimeProducers: [ValueID: NodeID] = [:]
    /// Values computed at load time that several such nodes take.
    private var isSharedAtLoadTime: Set<ValueID> = []
    /// Constants that kernels read while they run, by value.
    private var resident: [ValueID: Tensor] = [:]
    private var packed: [PackedKey: Storage] = [:]
    /// Folded by the current binding; differs from binding to binding.
    private var folded: [ValueID: Tensor] = [:]

    /// Where packed weights are that other processes of the node hold too.
    private let shelf: WeightShelf?
    /// What keys of these weights begin with there.
    private let shelfPrefix: String
    /// The constants of the bodies of control flow.
    private var bodies: [BodyKey: StageWeights] = [:]

    private struct BodyKey: Hashable {
        let identity: ValueID
        let index: Int
    }

    private struct PackedKey: Hashable {
        let identity: ValueID
        let form: String
    }

    /// - Parameter shelf: shared by processes that have the same graph.
    public convenience init(_ graph: Graph, shelf: WeightShelf? = nil) {
        self.init(graph, shelf: shelf, prefix: "")
    }

    private init(_ graph: Graph, shelf: WeightShelf?, prefix: String) {
        self.graph = graph
        self.shelf = shelf
        shelfPrefix = prefix
        var isFixed = [Bool](repeating: false, count: graph.valueNames.count)
        for value in graph.constants.keys { isFixed[value.index] = true }
        for (node, isLoadTime) in zip(graph.nodes, graph.loadTimeNodes()) where isLoadTime {
            for case let output? in node.outputs { isFixed[output.index] = true }
        }
        self.isFixed = isFixed
    }

    /// Takes over what a binding knows: folded shape arithmetic and which nodes run at load time.
    func adopt(_ bound: BoundGraph) {
        folded = bound.known
        loadTimeProducers = [:]
        isSharedAtLoadTime = []
        var used: Set<ValueID> = []
        for (index, node) in graph.nodes.enumerated() where bound.isLoadTime[index] {
            for case let output? in node.outputs { loadTimeProducers[output] = NodeID(index) }
            for case let input? in node.inputs where !used.insert(input).inserted { isSharedAtLoadTime.insert(input) }
        }
    }

    func isConstant(_ value: ValueID) -> Bool {
        graph.constants[value] != nil || folded[value] != nil || loadTimeProducers[value] != nil
    }

    /// Whether a constant is the same in every binding, so that what is made of it can be shared.
    func isFixed(_ value: ValueID) -> Bool { isFixed[value.index] }

    /// The elements of a constant. Not kept: whoever packs it needs it no longer.
    func tensor(_ value: ValueID) throws -> Tensor {
        var computed: [ValueID: Tensor] = [:]
        return try tensor(value, &computed)
    }

    /// - Parameter computed: what several nodes need, so that it is computed once.
    private func tensor(_ value: ValueID, _ computed: inout [ValueID: Tensor]) throws -> Tensor {
        if let tensor = folded[value] ?? resident[value] ?? computed[value] { return tensor }
        if let constant = graph.constants[value] { return try constant.load() }
        guard let producer = loadTimeProducers[value] else {
            preconditionFailure("'\(graph.name(of: value))' is no constant")
        }
        let node = graph.nodes[producer.index]
        var operands: [Tensor?] = []
        for input in node.inputs { operands.append(try input.map { try tensor($0, &computed) }) }
        let results: [Tensor]
        do {
            // All outputs, those that nothing needs too: the kernel counts them from the first.
            let types = try node.operation.attributes.outputTypes(
                of: Operands(operands.map { $0.map { Operands.Operand(type: $0.type, constant: $0) } }))
            results = try ConstantEvaluation.evaluate(node.operation, operands: operands, outputs: types)
        } catch {
            throw GraphError(node: node, operands: operands.map { $0?.type }, reason: "\(error)")
        }
        for case (let output?, let result) in zip(node.outputs, results) where isSharedAtLoadTime.contains(output) {
            computed[output] = result
        }
        return zip(node.outputs, results).first { $0.0 == value }!.1
    }

    /// Calls `body` with slices of a constant seen as a matrix of `rowCount` rows, one after another, each read from the
    /// file without the rest where the constant lies in one.
    func forEachSlice(
        of value: ValueID, rowCount: Int, _ slices: [Range<Int>], _ body: (Range<Int>, Tensor) throws -> Void
    ) throws {
        guard folded[value] == nil, resident[value] == nil, case .file(let region, let type)? = graph.constants[value]
        else {
            let tensor = try tensor(value)
            let whole = tensor.reshaped([rowCount, tensor.elementCount / rowCount])
            for rows in slices { try body(rows, whole.slice(rows)) }
            return
        }
        let columns = type.shape.elementCount / rowCount
        let rowBytes = columns * type.dtype.byteCount
        for rows in slices {
            let part = Tensor(uninitialized: type.dtype, shape: [rows.count, columns])
            var failure: FileError?
            part.withMutableBytes { bytes in
                do throws(FileError) {
                    try region.read(part: rows.lowerBound * rowBytes..<rows.upperBound * rowBytes, into: bytes)
                } catch { failure = error }
            }
            if let failure { throw failure }
            try body(rows, part)
        }
    }

    /// The elements of a constant that kernels read while they run; kept as long as the weights are.
    func residentTensor(_ value: ValueID) throws -> Tensor {
        if let tensor = resident[value] { return tensor }
        let tensor = try mapped(value) ?? tensor(value)
        if isFixed(value) { resident[value] = tensor }
        return tensor
    }

    /// A large constant that lies in a file, left there: of a table of embeddings few rows may ever be used.
    private func mapped(_ value: ValueID) throws(FileError) -> Tensor? {
        // A truth value may be any byte but 0 in a file.
        guard folded[value] == nil, case .file(let region, let type)? = graph.constants[value], type.dtype != .bool
        else {
            return nil
        }
        return try .mapped(region, type: type)
    }

    func packed(_ identity: ValueID, form: String, make: () throws -> Storage) throws -> Storage {
        let key = PackedKey(identity: identity, form: form)
        if let storage = packed[key] { return storage }
        let shared = try shelf?.storage("\(shelfPrefix)\(identity.index) \(form)", make: make)
        let storage = try shared ?? make()
        packed[key] = storage
        return storage
    }

    /// The constants of a body, the same for all programs.
    ///
    /// - Parameters:
    ///   - identity: the first result of the node around it.
    ///   - index: which of the node's bodies it is.
    func body(_ graph: Graph, of identity: ValueID, index: Int) -> StageWeights {
        let key = BodyKey(identity: identity, index: index)
        if let weights = bodies[key] { return weights }
        let weights = StageWeights(graph, shelf: shelf, prefix: "\(shelfPrefix)\(identity.index).\(index) ")
        bodies[key] = weights
        return weights
    }

    /// Of the bytes that are held, those that other processes of the node have in the same place.
    public var sharedByteCount: Int { shelf?.byteCount ?? 0 }

    /// Bytes held now, packed and plain, in bodies too.
    public var byteCount: Int {
        bodies.values.reduce(0) { $0 + $1.byteCount } + resident.values.reduce(0) { $0 + $1.byteCount }
            + packed.values.reduce(0) { $0 + $1.byteCount }
    }
}
