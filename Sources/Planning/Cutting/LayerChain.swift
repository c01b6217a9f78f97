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

    /// Something that flows between layers.
    public struct Value: Sendable, Hashable {
        public let byteCount: Double
        /// The layer that makes it; of an input of the model the first that takes it, since that is where it is read.
        public let home: Int
        /// Layers behind it that take it, ascending. An output of the model is taken by the last layer.
        public let takers: [Int]

        public init(byteCount: Double, home: Int, takers: [Int]) {
            self.byteCount = byteCount
            self.home = home
            self.takers = takers
        }
    }

    public let layers: [Layer]
    public let values: [Value]
    /// `cutByteCounts[i]` crosses a cut before layer i; the first and the last are 0, since inputs are read and
    /// outputs written on the ranks that need them.
    public let cutByteCounts: [Double]
    /// `isCuttable[i]`: whether a stage may begin with layer i. Not so between the layers that read a carried state and
    /// those that make it anew: a state stays on its stage.
    public let isCuttable: [Bool]

    /// - Parameter isCuttable: by layer; everywhere where left out.
    public init(layers: [Layer], values: [Value], isCuttable: [Bool]? = nil) {
        precondition(isCuttable?.count ?? layers.count == layers.count)
        self.layers = layers
        self.values = values
        cutByteCounts = LayerChain.crossings(of: values, layerCount: layers.count)
        self.isCuttable = isCuttable ?? layers.map { _ in true }
    }

    /// A chain without branches, given the bytes that go over the cut before each layer.
    public init(layers: [Layer], cutByteCounts: [Double], isCuttable: [Bool]? = nil) {
        precondition(cutByteCounts.count == layers.count + 1)
        self.init(
            layers: layers,
            values: layers.indices.dropFirst().map {
                Value(byteCount: cutByteCounts[$0], home: $0 - 1, takers: [$0])
            }, isCuttable: isCuttable)
    }

    public init(_ bound: BoundGraph) {
        let nodes = NodeOrder.narrow(bound)
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
        values = flow.values.compactMap { value in
            guard let home = value.firstPosition else { return nil }
            var takers = value.consumers.filter { $0 > home }
            if value.isOutput, takers.last ?? home < nodes.count - 1 { takers.append(nodes.count - 1) }
            return Value(byteCount: Double(value.byteCount), home: home, takers: takers)
        }
        cutByteCounts = LayerChain.crossings(of: values, layerCount: nodes.count)
        isCuttable = flow.cuttable(keeping: bound.graph.states, layerCount: nodes.count)
    }

    /// The bytes of each value go over every cut between its home and its last taker.
    private static func crossings(of values: [Value], layerCount: Int) -> [Double] {
        var changes = [Double](repeating: 0, count: layerCount + 2)
        for value in values {
            guard let last = value.takers.last else { continue }
            changes[value.home + 1] += value.byteCount
            changes[last + 1] -= value.byteCount
        }
        var crossing = 0.0
        return (0...layerCount).map { cut in
            crossing += changes[cut]
            return crossing
        }
    }

    /// The layers that begin a block: layers up to the next one stay on one stage. Most blocks are single layers.
    public var blockStarts: [Int] { isCuttable.indices.filter { $0 == 0 || isCuttable[$0] } }

    /// The largest number of stages that the chain can be cut into.
    public var stageLimit: Int { blockStarts.count }

    /// A figure of the layers, summed up for each block.
    func blockSums(_ figure: (Layer) -> Double) -> [Double] { blockSums(of: layers.map(figure)) }

    /// The same for figures by layer.
    public func blockSums(of figures: [Double]) -> [Double] {
        let starts = blockStarts
        return zip(starts, starts.dropFirst() + [layers.count]).map { start, end in
            figures[start..<end].reduce(0, +)
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
