import Graphs
import TestSupport

/// What a model computes, with a number in place of each tensor: equal numbers are equal tensors.
struct SymbolicRun {
    private let bound: BoundGraph
    private let isConstant: [Bool]

    init(_ bound: BoundGraph) {
        self.bound = bound
        isConstant = bound.constantValues()
    }

    struct Missing: Error { let value: ValueID }

    static func item(of input: ValueID, microbatch: Int) -> UInt64 {
        SplitMix.mixed(UInt64(input.index) << 32 | UInt64(microbatch) | 1 << 63)
    }

    /// Runs some nodes in the order given and returns what is asked for.
    ///
    /// - Parameter values: what is there before; constants are there always.
    func run(
        _ nodes: [NodeID], values: [ValueID: UInt64], wanted: [ValueID]
    ) throws -> [ValueID: UInt64] {
        var values = values
        func number(_ value: ValueID) throws -> UInt64 {
            if isConstant[value.index] { return SplitMix.mixed(UInt64(value.index)) }
            guard let number = values[value] else { throw Missing(value: value) }
            return number
        }
        for id in nodes {
            let node = bound.graph.nodes[id.index]
            var state = SplitMix.mixed(UInt64(id.index) &+ 0xABCD)
            for case let input? in node.inputs { state = SplitMix.mixed(state &* 31 &+ (try number(input))) }
            for (place, output) in node.outputs.enumerated() {
                if let output { values[output] = SplitMix.mixed(state &+ UInt64(place)) }
            }
        }
        return try Dictionary(uniqueKeysWithValues: wanted.map { ($0, try number($0)) })
    }

    /// The whole model on one microbatch.
    func outputs(microbatch: Int) throws -> [ValueID: UInt64] {
        var values: [ValueID: UInt64] = [:]
        for input in bound.graph.inputs {
            values[input.value] = SymbolicRun.item(of: input.value, microbatch: microbatch)
        }
        return try run(bound.runtimeNodes, values: values, wanted: bound.graph.outputs)
    }
}
