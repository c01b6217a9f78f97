public import Graphs
internal import Tensors

/// A model as planners see it: its nodes in the order they run, what each costs, and what crosses each place between
/// two of them. All figures are for one microbatch.
public struct LayerChain: Sendable {
    /// A node that runs for every microbatch.
    public struct Layer: Sendable {
        public let node: NodeID
        public let name: String
        public let operatorName: String
        public let flops: Double
        /// Weights that the node reads. A weight that several nodes share counts at the first.
        public let parameterCount: Int
        public let parameterByteCount: Int
    }

    public let layers: [Layer]
    /// `cutByteCounts[i]` crosses a cut before layer i; the first and the last are 0, since inputs are read and
    /// outputs written on the ranks that want them.
    public let cutByteCounts: [Double]
    /// `isCuttable[i]`: whether a stage may begin with layer i. Not so between the layers that read a carried state and
    /// those that make it anew: a state stays on its stage.
    public let isCuttable: [Bool]

    /// - Parameter isCuttable: by layer; everywhere where left out.
    public init(layers: [Layer], cutByteCounts: [Double], isCuttable: [Bool]? = nil) {
        precondition(cutByteCounts.count == layers.count + 1 && isCuttable?.count ?? layers.count == layers.count)
        self.layers = layers
        self.cutByteCounts = cutByteCounts
        self.isCuttable = isCuttable ?? layers.map { _ in true }
    }

    public init(_ bound: BoundGraph) {
        let nodes = bound.runtimeNodes
        let isConstant = bound.constantValues()
        var counted: Set<ValueID> = []
        layers = nodes.map { id in
            let node = bound.graph.nodes[id.index]
            var count = 0
            var bytes = 0
            for case let value? in node.inputs where isConstant[value.index] && counted.insert(value).inserted {
                // Integers shape the result (axes, pads); only numbers that were learned are parameters.
                guard let type = bound.type(of: value), type.dtype.isFloatingPoint else { continue }
                count += type.shape.elementCount
                bytes += type.byteCount
            }
            for body in node.operation.bodies {
                let (parameters, size) = body.learned
                count += parameters
                bytes += size
            }
            return Layer(
                node: id, name: node.name, operatorName: node.operation.name, flops: bound.cost(of: id).flops,
                parameterCount: count, parameterByteCount: bytes)
        }
        let flow = ValueFlow(bound, order: nodes)
        cutByteCounts = (0...nodes.count).map { _ in 0 }.withCrossings(flow)
        isCuttable = flow.cuttable(keeping: bound.graph.states, layerCount: nodes.count)
    }

    /// The layers that begin a block: layers up to the next one stay on one stage. Most blocks are single layers.
    public var blockStarts: [Int] { isCuttable.indices.filter { $0 == 0 || isCuttable[$0] } }

    /// The largest number of stages that the chain can be cut into.
    public var stageLimit: Int { blockStarts.count }

    /// A figure of the layers, summed up for each block.
    func blockSums(_ figure: (Layer) -> Double) -> [Double] {
        let starts = blockStarts
        return zip(starts, starts.dropFirst() + [layers.count]).map { start, end in
            layers[start..<end].reduce(0) { $0 + figure($1) }
        }
    }

    /// `cutByteCounts` before each block and after the last.
    var blockCutByteCounts: [Double] { blockStarts.map { cutByteCounts[$0] } + [cutByteCounts[layers.count]] }
}

extension ValueFlow {
    /// Where cuts separate no carried state's readers from its maker.
    fileprivate func cuttable(keeping states: [Graph.CarriedState], layerCount: Int) -> [Bool] {
        var isCuttable = [Bool](repeating: true, count: layerCount)
        let byID = Dictionary(uniqueKeysWithValues: values.map { ($0.id, $0) })
        for state in states {
            let readers = byID[state.input]?.consumers ?? []
            guard let maker = byID[state.output]?.producer, let first = readers.first, let last = readers.last else {
                continue
            }
            for cut in min(first, maker)..<max(last, maker) { isCuttable[cut + 1] = false }
        }
        return isCuttable
    }
}

extension [Double] {
    /// Adds the bytes of each value to every cut between its first and its last use.
    fileprivate func withCrossings(_ flow: ValueFlow) -> [Double] {
        var cuts = self
        for value in flow.values {
            guard let first = value.firstPosition, value.lastPosition > first else { continue }
            for cut in (first + 1)...value.lastPosition { cuts[cut] += Double(value.byteCount) }
        }
        return cuts
    }
}

/// Where in the running order each value of the run is made and used.
struct ValueFlow {
    struct Value {
        let id: ValueID
        let byteCount: Int
        /// Position of the node that makes it; nil for an input of the graph.
        let producer: Int?
        /// Positions of the nodes that take it, ascending.
        let consumers: [Int]
        let isOutput: Bool
        let layerCount: Int

        /// Where the value is first at hand: an input is read where it is first wanted.
        var firstPosition: Int? { producer ?? consumers.first ?? (isOutput ? layerCount - 1 : nil) }
        /// Outputs are written where the last layer runs.
        var lastPosition: Int { isOutput ? layerCount - 1 : consumers.last ?? producer ?? 0 }
    }

    let values: [Value]

    init(_ bound: BoundGraph, order: [NodeID]) {
        let graph = bound.graph
        var producer = [Int?](repeating: nil, count: graph.valueNames.count)
        var consumers = [[Int]](repeating: [], count: graph.valueNames.count)
        for (position, id) in order.enumerated() {
            let node = graph.nodes[id.index]
            for case let output? in node.outputs { producer[output.index] = position }
            for case let input? in node.inputs where consumers[input.index].last != position {
                consumers[input.index].append(position)
            }
        }
        let inputs = Set(graph.inputs.map(\.value))
        let outputs = Set(graph.outputs)
        values = graph.valueNames.indices.map(ValueID.init).compactMap { id in
            guard producer[id.index] != nil || inputs.contains(id) else { return nil }
            return Value(
                id: id, byteCount: bound.type(of: id)?.byteCount ?? 0, producer: producer[id.index],
                consumers: consumers[id.index], isOutput: outputs.contains(id), layerCount: order.count)
        }
    }
}

extension Graph {
    /// The floating-point constants of a body and of those inside it, as a count and in bytes.
    fileprivate var learned: (count: Int, byteCount: Int) {
        var total = (count: 0, byteCount: 0)
        for constant in constants.values where constant.type.dtype.isFloatingPoint {
            total.count += constant.type.shape.elementCount
            total.byteCount += constant.type.byteCount
        }
        for body in nodes.flatMap(\.operation.bodies) {
            let inner = body.learned
            total = (total.count + inner.count, total.byteCount + inner.byteCount)
        }
        return total
    }
}
