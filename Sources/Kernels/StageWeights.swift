public import Graphs
internal import Tensors

/// The constants of one rank's stage: read from files when first asked for, computed from other constants where the
/// graph says so, packed once, and shared by the programs compiled for different shapes.
public final class StageWeights {
    private let graph: Graph
    /// The node that computes a constant from other constants.
    private var loadTimeProducers: [ValueID: NodeID] = [:]
    /// Types of values computed at load time; the same for every binding, since they depend on no input.
    private var loadTimeTypes: [ValueID: TensorType] = [:]
    /// Constants that kernels read while they run, by value.
    private var resident: [ValueID: Tensor] = [:]
    private var packed: [PackedKey: Storage] = [:]
    /// Folded by the binding at hand; differs from binding to binding.
    private var folded: [ValueID: Tensor] = [:]

    private struct PackedKey: Hashable {
        let identity: ValueID
        let form: String
    }

    public init(_ graph: Graph) { self.graph = graph }

    /// Takes over what a binding knows: folded shape arithmetic and which nodes run at load time.
    func adopt(_ bound: BoundGraph) {
        folded = bound.known
        for (index, node) in graph.nodes.enumerated() where bound.isLoadTime[index] {
            for case let output? in node.outputs {
                loadTimeProducers[output] = NodeID(index)
                loadTimeTypes[output] = bound.type(of: output)
            }
        }
    }

    func isConstant(_ value: ValueID) -> Bool {
        graph.constants[value] != nil || folded[value] != nil || loadTimeProducers[value] != nil
    }

    /// The elements of a constant. Not kept: whoever packs it needs it no longer.
    func tensor(_ value: ValueID) throws -> Tensor {
        if let tensor = folded[value] ?? resident[value] { return tensor }
        if let constant = graph.constants[value] { return try constant.load() }
        guard let producer = loadTimeProducers[value] else {
            preconditionFailure("'\(graph.name(of: value))' is no constant")
        }
        let node = graph.nodes[producer.index]
        let operands = try node.inputs.map { try $0.map(tensor) }
        let types = node.outputs.map { $0.flatMap { loadTimeTypes[$0] } }
        let results: [Tensor]
        do {
            results = try ConstantEvaluation.evaluate(
                node.operation, operands: operands, outputs: types.compactMap(\.self))
        } catch {
            throw GraphError(node: node, operands: operands.map { $0?.type }, reason: "\(error)")
        }
        let wanted = zip(node.outputs.filter { $0 != nil }, results).first { $0.0 == value }
        return wanted!.1
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
        let tensor = try tensor(value)
        if folded[value] == nil || graph.constants[value] != nil { resident[value] = tensor }
        return tensor
    }

    func packed(_ identity: ValueID, form: String, make: () throws -> Storage) throws -> Storage {
        let key = PackedKey(identity: identity, form: form)
        if let storage = packed[key] { return storage }
        let storage = try make()
        packed[key] = storage
        return storage
    }

    /// Bytes held now, packed and plain.
    public var byteCount: Int {
        resident.values.reduce(0) { $0 + $1.byteCount } + packed.values.reduce(0) { $0 + $1.byteCount }
    }
}
