internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What the soft maximum of an attention is rounded to in between.
enum SoftmaxRounding: Sendable {
    case none, float32, float16, bfloat16

    init(_ dtype: DType?) {
        switch dtype {
        case .float32: self = .float32
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        default: self = .none
        }
    }

    func rounded(_ value: Double) -> Double {
        switch self {
        case .none: value
        case .float32: Double(Float(value))
        case .float16: Double(Float16(value))
        case .bfloat16: Double(HalfPrecision.float(bfloat16: HalfPrecision.bfloat16(Float(value))))
        }
    }
}

/// Attention in all its forms, score by score; for what the vectorised kernel does not do: float64, and the scores as
/// a result.
struct CompleteAttentionKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let plan: AttentionPlan
    let scores: Attention.Scores
    let rounding: SoftmaxRounding

    /// A row of scores.
    var scratchByteCount: Int { plan.extents.keys * MemoryLayout<Double>.stride }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let extents = plan.extents
        context.parallel(extents.batch * extents.queryHeads) { task, scratch in
            let row = scratch.assumingMemoryBound(to: Double.self)  // [keys]
            for query in 0..<extents.queries {
                attend(task / extents.queryHeads, task % extents.queryHeads, query, row, operands)
            }
        }
    }

    private func attend(
        _ batch: Int, _ head: Int, _ query: Int, _ row: UnsafeMutablePointer<Double>, _ operands: KernelOperands
    ) {
        let extents = plan.extents
        let shared = head * extents.keyHeads / extents.queryHeads
        let q =
            operands.input(0, as: Element.self) + batch * plan.query.batch + head * plan.query.head
            + query * plan.query.row
        let wanted = operands.optionalOutput(3, as: Element.self)
            .map { $0 + ((batch * extents.queryHeads + head) * extents.queries + query) * extents.keys }
        func keep(_ stage: Attention.Scores) {
            guard stage == scores, let wanted else { return }
            for key in 0..<extents.keys { wanted[key] = Element(row[key]) }
        }
        for key in 0..<extents.keys {
            let k = entry(operands, past: 4, plan.pastKey, new: 1, plan.key, batch, shared, key)
            var sum = 0.0
            for column in 0..<extents.headDim { sum += Double(q[column]) * Double(k[column]) }
            row[key] = sum * Double(plan.scale)
        }
        keep(.products)
        if plan.softcap != 0 {
            let cap = Double(plan.softcap)
            for key in 0..<extents.keys { row[key] = cap * tanh(row[key] / cap) }
        }
        keep(.capped)
        mask(row, batch, head, query, operands)
        keep(.masked)
        var largest = -Double.infinity
        for key in 0..<extents.keys {
            row[key] = rounding.rounded(row[key])
            largest = .larger(largest, row[key])
        }
        var sum = 0.0
        for key in 0..<extents.keys {
            row[key] = row[key] == -.infinity ? 0 : rounding.rounded(exp(row[key] - largest))
            sum += row[key]
        }
        let isEmpty = largest == -.infinity
        for key in 0..<extents.keys {
            row[key] = isEmpty ? (plan.zeroesEmptyRows ? 0 : .nan) : rounding.rounded(row[key] / sum)
        }
        keep(.probabilities)
        let result =
            operands.output(0, as: Element.self) + batch * plan.output.batch + head * plan.output.head
            + query * plan.output.row
        for column in 0..<extents.valueDim {
            var sum = 0.0
            for key in 0..<extents.keys where row[key] != 0 {
                let v = entry(operands, past: 5, plan.pastValue, new: 2, plan.value, batch, shared, key)
                sum += row[key] * Double(v[column])
            }
            result[column] = Element(sum)
        }
    }

    /// The row of a key or value, past or new.
    private func entry(
        _ operands: KernelOperands, past: Int, _ pastSteps: AttentionPlan.Steps, new: Int,
        _ newSteps: AttentionPlan.Steps, _ batch: Int, _ head: Int, _ key: Int
    ) -> UnsafePointer<Element> {
        let count = plan.extents.past
        return key < count
            ? operands.input(past, as: Element.self) + batch * pastSteps.batch + head * pastSteps.head
                + key * pastSteps.row
            : operands.input(new, as: Element.self) + batch * newSteps.batch + head * newSteps.head
                + (key - count) * newSteps.row
    }

    private func mask(
        _ row: UnsafeMutablePointer<Double>, _ batch: Int, _ head: Int, _ query: Int, _ operands: KernelOperands
    ) {
        let keys = plan.keys(batch: batch, counts: operands.optionalInput(6, as: Int64.self))
        if let mask = plan.mask {
            let start = batch * mask.steps.batch + head * mask.steps.head + query * mask.steps.row
            for key in 0..<keys.count {
                if !mask.isBool {
                    row[key] += Double(operands.input(3, as: Element.self)[start + key * mask.column])
                } else if operands.input(3, as: UInt8.self)[start + key * mask.column] == 0 {
                    row[key] = -.infinity
                }
            }
        }
        for key in 0..<plan.extents.keys {
            let isSeen = key < keys.count && key >= query + keys.lowest && key <= query + keys.highest
            if !isSeen { row[key] = -.infinity }
        }
    }
}
