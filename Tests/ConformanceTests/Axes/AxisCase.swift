import Graphs
import Tensors
import TestSupport
import Testing

/// One operator on small operands, with what it is to say of its axes.
struct AxisCase: CustomTestStringConvertible {
    /// What an operand holds.
    enum Content {
        /// -1...1
        case floats([Int])
        /// 0.5...2
        case positive([Int])
        case bytes([Int])
        /// Random integers from 0 on, below a limit.
        case indices([Int], below: Int)
        case flags([Int])
        case integers([Int64])
        case lengths([Int32])
        case scale([Float])
        case absent
    }

    let name: String
    let operation: Operation
    let contents: [Content]
    /// By output: the operands in order, with a word for each axis: `0` for pointwise to axis 0 of the output, `w0` for another
    /// window of it, `s`tretched, `r`educed, `g`athered, `o`paque; `-` for an operand that is not read, `.` for one that has no
    /// axes or is left out. Operands behind the last one are not looked at.
    let expected: [[String]]
    /// Whether what is read may leave the result as it is, so that what is seen tells less than what is said: a smaller number
    /// in a maximum, a step that rounding takes away.
    let hides: Bool
    /// Indices that a range which is said may have more than one which is seen, at each end: holes of a dilated window at a
    /// border, and blocks that are said where single indices are read.
    let slack: Int
    /// Operands that the kernel wants before it runs, beside those that decide shapes.
    let constants: Set<Int>

    var testDescription: String { name }

    init(
        _ name: String, _ operation: Operation, _ contents: [Content], _ expected: [String]..., hides: Bool = false,
        slack: Int = 0, constants: Set<Int> = []
    ) {
        self.name = name
        self.operation = operation
        self.contents = contents
        self.expected = expected
        self.hides = hides
        self.slack = slack
        self.constants = constants
    }

    func operands(_ random: inout SplitMix) -> [Tensor?] {
        contents.map { content in
            switch content {
            case .floats(let shape):
                AxisCase.tensor(shape) { Float.random(in: -1...1, using: &random) }
            case .positive(let shape):
                AxisCase.tensor(shape) { Float.random(in: 0.5...2, using: &random) }
            case .bytes(let shape):
                AxisCase.tensor(shape) { UInt8.random(in: 60...180, using: &random) }
            case .indices(let shape, let limit):
                AxisCase.tensor(shape) { Int64.random(in: 0..<Int64(limit), using: &random) }
            case .flags(let shape): AxisCase.tensor(shape) { Bool.random(using: &random) }
            case .integers(let numbers): Tensor(numbers)
            case .lengths(let numbers): Tensor(numbers)
            case .scale(let numbers): numbers.count == 1 ? Tensor(scalar: numbers[0]) : Tensor(numbers)
            case .absent: nil
            }
        }
    }

    private static func tensor<Element: TensorElement>(_ shape: [Int], _ make: () -> Element) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map { _ in make() }, shape: Shape(shape))
    }

    /// The words for what relations say of one operand.
    static func words(_ relations: [AxisRelation]?, isThere: Bool) -> String {
        guard isThere else { return "." }
        guard let relations else { return "-" }
        guard !relations.isEmpty else { return "." }
        return relations.map { relation in
            switch relation {
            case .window(let axis, .pointwise): "\(axis)"
            case .window(let axis, _): "w\(axis)"
            case .stretched: "s"
            case .reduced: "r"
            case .gathered: "g"
            case .opaque: "o"
            }
        }.joined(separator: " ")
    }
}
