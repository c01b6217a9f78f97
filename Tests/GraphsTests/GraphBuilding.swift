import Graphs
import Tensors

/// Small graphs for tests, and just enough arithmetic to fold their constants.
enum Small {
    static let image: [Dimension] = [.symbol("batch"), .fixed(2), .fixed(4), .fixed(4)]

    static func vector(_ graph: inout Graph, _ name: String, _ values: [Float]) -> ValueID {
        graph.addConstant(named: name, .tensor(Tensor(values)))
    }

    /// 3 output channels, 2 input channels, 3x3; in a file, as large weights are.
    static func weights(_ graph: inout Graph, _ name: String = "weights") -> ValueID {
        graph.addConstant(
            named: name,
            .file(
                FileRegion(path: "/nowhere", offset: 0, byteCount: 216), TensorType(.float32, [3, 2, 3, 3])))
    }

    static var convolution: Operation {
        var window = SpatialWindow(rank: 2)
        window.padding = .explicit(before: [1, 1], after: [1, 1])
        return .convolution(Convolution(window: window))
    }

    /// float32 arithmetic with scalars broadcast; all that the passes' own constants need.
    static let evaluate: ConstantEvaluator = { operation, operands, outputs in
        let count = outputs[0].shape.elementCount
        func values(_ index: Int) -> [Float] {
            let values = operands[index]!.elements(of: Float.self)
            return values.count == count ? values : [Float](repeating: values[0], count: count)
        }
        let result: [Float]
        switch operation {
        case .binary(let binary):
            let (a, b) = (values(0), values(1))
            switch binary.function {
            case .add: result = zip(a, b).map(+)
            case .subtract: result = zip(a, b).map(-)
            case .multiply: result = zip(a, b).map(*)
            case .divide: result = zip(a, b).map(/)
            default: throw GraphError("not needed")
            }
        case .unary(let unary) where unary.function == .squareRoot: result = values(0).map { $0.squareRoot() }
        case .reshape: return [operands[0]!.reshaped(outputs[0].shape)]
        default: throw GraphError("not needed")
        }
        return [Tensor(result, shape: outputs[0].shape)]
    }

    static func names(_ graph: Graph) -> [String] { graph.nodes.map(\.operation.name) }
}
