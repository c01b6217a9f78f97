import Graphs
import Kernels
import Tensors
import TestSupport

/// What an operator says of its axes against what its kernel does: single elements of operands are changed, and the
/// elements of the results that change with them are looked at.
struct AxisProof {
    /// One element of an operand, and which elements of an output changed with it.
    private struct Trace {
        let operand: Int
        let place: [Int]
        let output: Int
        /// In row-major order.
        let changed: [Int]
    }

    let operation: Operation
    let operands: [Tensor?]
    let types: [TensorType]
    let relations: AxisRelations
    /// Operands that the kernel is not given before it runs.
    private let fed: Set<Int>
    private let results: [Tensor]
    private var traces: [Trace] = []

    /// - Parameters:
    ///   - fed: operands that come while the graph runs, as far as the operator lets them; the others are constants.
    ///   - claims: the operator whose word is taken, where it is not the operation's own.
    init(
        _ operation: Operation, _ operands: [Tensor?], fed: Set<Int>, claims: Operation? = nil
    ) throws {
        self.operation = operation
        self.operands = operands
        let needed = operands.indices.filter { index in
            (try? operation.attributes.outputTypes(of: AxisProof.known(operands, except: [index]))) == nil
        }
        self.fed = fed.subtracting(needed)
        let known = AxisProof.known(operands, except: self.fed)
        types = try operation.attributes.outputTypes(of: known)
        relations = try (claims ?? operation).attributes.axes(of: known, outputs: types)
        results = try AxisProof.evaluate(operation, operands, types, self.fed)
    }

    private static func known(_ operands: [Tensor?], except fed: Set<Int>) -> Operands {
        Operands(
            operands.enumerated().map { index, tensor in
                tensor.map { .init(type: $0.type, constant: fed.contains(index) ? nil : $0) }
            })
    }

    private static func evaluate(
        _ operation: Operation, _ operands: [Tensor?], _ types: [TensorType], _ fed: Set<Int>
    ) throws -> [Tensor] {
        let all = known(operands, except: fed)
        if let known = operation.attributes.outputsKnown(from: all) { return known }
        return try ConstantEvaluation.evaluate(operation, operands: operands, outputs: types, fed: fed)
    }

    /// Whether nothing is said of any axis.
    var isOpaque: Bool {
        types.indices.allSatisfy { output in
            operands.indices.allSatisfy { operand in
                operands[operand] == nil
                    || relations[output: output, operand: operand]?.allSatisfy { $0 == .opaque } ?? false
            }
        }
    }

    // MARK: Changing elements

    /// Changes up to `limit` elements of each operand, each in two ways.
    mutating func trace(limit: Int, _ random: inout SplitMix) {
        for (index, tensor) in operands.enumerated() {
            guard let tensor, tensor.elementCount > 0 else { continue }
            let all = 0..<tensor.elementCount
            let chosen =
                all.count <= limit
                ? Array(all) : [0, all.count - 1] + (2..<limit).map { _ in random.integer(0...(all.count - 1)) }
            for element in chosen {
                for raises in [true, false] { trace(index, tensor, element, raises: raises) }
            }
        }
    }

    private mutating func trace(_ operand: Int, _ tensor: Tensor, _ element: Int, raises: Bool) {
        var changed = operands
        changed[operand] = tensor.changed(at: element, raises: raises)
        // Indices that point nowhere and numbers that decide the shape are refused, or make another result altogether.
        guard (try? operation.attributes.outputTypes(of: AxisProof.known(changed, except: fed))) == types,
            let others = try? AxisProof.evaluate(operation, changed, types, fed)
        else { return }
        for (output, (one, other)) in zip(results, others).enumerated() {
            let places = one.places(differingFrom: other)
            guard !places.isEmpty else { continue }
            traces.append(
                Trace(
                    operand: operand, place: tensor.shape.index(at: element), output: output, changed: places))
        }
    }

    // MARK: Verdicts

    /// Changes that the relations rule out; a line each.
    func violations() -> [String] {
        traces.compactMap { trace in
            let shape = types[trace.output].shape
            guard let relations = relations[output: trace.output, operand: trace.operand] else {
                return "output \(trace.output) reads operand \(trace.operand)"
            }
            let extents = operands[trace.operand]!.shape
            guard relations.count == extents.rank else {
                return "\(relations.count) relations for the axes of operand \(trace.operand), \(extents)"
            }
            for (axis, relation) in relations.enumerated() {
                guard case .window(let target, _) = relation else { continue }
                guard target < shape.rank else { return "output \(trace.output) has no axis \(target)" }
                // By the index along the output's axis.
                let isRead = (0..<shape[target]).map { index in
                    var region = shape.dimensions.map { 0..<$0 }
                    region[target] = index..<(index + 1)
                    return relation.indices(readBy: region, of: extents[axis]).contains(trace.place[axis])
                }
                let stride = shape.strides[target]
                if let stray = trace.changed.first(where: { !isRead[$0 / stride % shape[target]] }) {
                    return
                        "output \(trace.output) \(shape) at \(shape.index(at: stray)) reads operand \(trace.operand) "
                        + "\(extents) at \(trace.place), which axis \(axis), \(relation), rules out"
                }
            }
            return nil
        }
    }

    /// Claims that go further than what was seen; a line each. Along an axis that is reduced some element of the output has to
    /// read all; along the others each reads the range that is said. Axes that data decides on are left out.
    ///
    /// - Parameter slack: indices that a range may have more at each end.
    func excesses(slack: Int) -> [String] {
        types.indices.flatMap { output in
            operands.indices.compactMap { operand in excess(output, operand, slack: slack) }
        }
    }

    private func excess(_ output: Int, _ operand: Int, slack: Int) -> String? {
        guard let tensor = operands[operand], let relations = relations[output: output, operand: operand],
            !relations.allSatisfy({ $0 == .opaque })
        else { return nil }
        let (shape, extents) = (types[output].shape, tensor.shape)
        var isWhole = [Bool](repeating: false, count: extents.rank)
        for (element, seen) in seen(output, operand, rank: extents.rank).enumerated() {
            let index = shape.index(at: element)
            let claimed = self.relations.region(
                ofOperand: operand, shape: extents, readBy: index.map { $0..<($0 + 1) }, ofOutput: output)
            guard let claimed, let seen else {
                // Data may name nothing at all, and a sum may be empty at a border.
                if seen == nil, claimed == nil || !Set(relations).isDisjoint(with: [.gathered, .reduced]) { continue }
                return
                    "output \(output) \(shape) at \(index) reads \(claimed == nil ? "" : "nothing ")of operand \(operand)"
            }
            for (axis, relation) in relations.enumerated() {
                let fits =
                    seen[axis].lowerBound <= claimed[axis].lowerBound + slack
                    && seen[axis].upperBound >= claimed[axis].upperBound - 1 - slack
                isWhole[axis] = isWhole[axis] || fits
                guard !fits, relation != .reduced, relation != .gathered, relation != .opaque else { continue }
                return
                    "output \(output) \(shape) at \(index) is said to read \(claimed[axis]) along axis \(axis) of operand "
                    + "\(operand) \(extents), and \(seen[axis]) was seen"
            }
        }
        let narrow = relations.indices.first { relations[$0] == .reduced && !isWhole[$0] && shape.elementCount > 0 }
        return narrow.map { "nothing of output \(output) reads all of axis \($0) of operand \(operand) \(extents)" }
    }

    /// By element of an output, the ranges that hold all elements of an operand which changed it; nil where none did.
    private func seen(_ output: Int, _ operand: Int, rank: Int) -> [[ClosedRange<Int>]?] {
        var seen = [[ClosedRange<Int>]?](repeating: nil, count: types[output].shape.elementCount)
        for trace in traces where trace.operand == operand && trace.output == output {
            for place in trace.changed {
                seen[place] =
                    seen[place].map { zip($0, trace.place).map { min($0.lowerBound, $1)...max($0.upperBound, $1) } }
                    ?? trace.place.map { $0...$0 }
            }
        }
        return seen
    }
}

extension Shape {
    /// The index of an element in row-major order.
    fileprivate func index(at element: Int) -> [Int] {
        zip(dimensions, strides).map { element / $1 % Swift.max($0, 1) }
    }
}

extension Tensor {
    /// Elements whose bytes differ, in row-major order.
    fileprivate func places(differingFrom other: Tensor) -> [Int] {
        let width = dtype.byteCount
        return withBytes { mine in
            other.withBytes { theirs in
                guard mine.count == theirs.count, !mine.elementsEqual(theirs) else { return [] }
                return (0..<elementCount).filter { element in
                    (element * width..<(element + 1) * width).contains { mine[$0] != theirs[$0] }
                }
            }
        }
    }

    /// A copy with one element made much larger, or much smaller; integers wrap.
    fileprivate func changed(at element: Int, raises: Bool) -> Tensor {
        let copy = Tensor(uninitialized: dtype, shape: shape)
        withBytes { bytes in copy.withMutableBytes { $0.copyBytes(from: bytes) } }
        func put<Element: BitwiseCopyable>(_ change: (Element) -> Element) {
            copy.withMutableBytes { bytes in
                let elements = bytes.bindMemory(to: Element.self)
                elements[element] = change(elements[element])
            }
        }
        func moved(_ number: Float) -> Float {
            raises ? number + (abs(number) + 4) : number - (abs(number) + 3.5)
        }
        switch dtype {
        case .float32: put(moved)
        case .float64: put { (number: Double) in Double(moved(Float(number))) }
        case .float16: put { (bits: UInt16) in Float16(moved(Float(Float16(bitPattern: bits)))).bitPattern }
        case .bfloat16:
            put { (bits: UInt16) in UInt16(moved(Float(bitPattern: UInt32(bits) << 16)).bitPattern >> 16) }
        // Far away: quantisation rounds small steps off. Wider integers are mostly indices and counts.
        case .int8, .uint8: put { (bits: UInt8) in raises ? bits &+ 77 : bits &- 60 }
        case .int16, .uint16: put { (bits: UInt16) in raises ? bits &+ 7001 : bits &- 6000 }
        case .int32, .uint32: put { (bits: UInt32) in raises ? bits &+ 1 : bits &- 1 }
        case .int64, .uint64: put { (bits: UInt64) in raises ? bits &+ 1 : bits &- 1 }
        case .bool: put { (flag: Bool) in !flag }
        }
        return copy
    }
}
