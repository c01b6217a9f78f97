internal import CKernels
internal import Graphs
internal import Tensors

/// Where the operands of an attention lie, in elements: what its kernels share.
struct AttentionPlan: Sendable {
    /// Steps from one batch entry, head and row to the next; columns are contiguous.
    struct Steps: Sendable {
        let batch: Int
        let head: Int
        let row: Int
    }

    let extents: Attention.Extents
    let query: Steps
    let key: Steps
    let value: Steps
    let output: Steps
    let pastKey: Steps
    let pastValue: Steps
    /// Of the mask, with the step from key to key last; 0 where it is stretched.
    let mask: (steps: Steps, column: Int, isBool: Bool)?
    /// Keys that the mask covers: those behind take no part.
    let maskedKeys: Int
    let scale: Float
    let softcap: Float
    let zeroesEmptyRows: Bool
    /// Query i sees keys from i + lowest to i + highest, both moved by the past.
    private let lowest: Int
    private let highest: Int
    /// Far beyond any sequence, and far from overflow.
    private static let unbounded = 1 << 60

    init(_ attention: Attention, _ request: KernelRequest) throws {
        let types = request.inputTypes
        extents = try attention.extents(of: Operands(types.map { $0.map { Operands.Operand(type: $0) } }))
        let isFlat = types[0]!.shape.rank == 3
        func steps(_ operand: Int?, _ layout: Attention.Layout, heads: Int, rows: Int, columns: Int) -> Steps {
            let isStretched = operand.map { types[$0]!.shape[0] == 1 } ?? false
            let batch = isStretched ? 0 : heads * rows * columns
            return isFlat || layout == .sequenceFirst
                ? Steps(batch: batch, head: columns, row: heads * columns)
                : Steps(batch: batch, head: rows * columns, row: columns)
        }
        let (e, new) = (extents, extents.keys - extents.past)
        query = steps(0, attention.queryLayout, heads: e.queryHeads, rows: e.queries, columns: e.headDim)
        key = steps(1, attention.keyLayout, heads: e.keyHeads, rows: new, columns: e.headDim)
        value = steps(2, attention.valueLayout, heads: e.keyHeads, rows: new, columns: e.valueDim)
        output = steps(nil, attention.outputLayout, heads: e.queryHeads, rows: e.queries, columns: e.valueDim)
        func present(_ rows: Int, _ columns: Int) -> Steps {
            Steps(batch: e.keyHeads * rows * columns, head: rows * columns, row: columns)
        }
        pastKey = present(e.past, e.headDim)
        pastValue = present(e.past, e.valueDim)
        if let type = request.inputType(3) {
            let shape = [Int](repeating: 1, count: 4 - type.shape.rank) + type.shape.dimensions
            let strides = Shape(shape).strides
            let moves = (0..<4).map { shape[$0] == 1 ? 0 : strides[$0] }
            mask = (Steps(batch: moves[0], head: moves[1], row: moves[2]), moves[3], type.dtype == .bool)
            maskedKeys = shape[3] == 1 ? e.keys : shape[3]
        } else {
            mask = nil
            maskedKeys = e.keys
        }
        scale = attention.scale ?? 1 / Float(max(e.headDim, 1)).squareRoot()
        softcap = attention.softcap
        zeroesEmptyRows = attention.zeroesEmptyRows
        let unbounded = AttentionPlan.unbounded
        lowest = attention.leftWindow.map { -min($0, unbounded) } ?? -unbounded
        let right = attention.rightWindow.map { min($0, unbounded) } ?? unbounded
        highest = attention.isCausal ? min(right, 0) : right
    }

    /// The keys that count in a batch entry, and how far queries are moved along them.
    ///
    /// - Parameter counts: how many keys of each batch entry count, where there is such an operand
    func keys(batch: Int, counts: UnsafePointer<Int64>?) -> (count: Int, lowest: Int, highest: Int) {
        let count = counts.map { min(max(Int(clamping: $0[batch]), 0), extents.keys) } ?? extents.keys
        let offset = counts == nil ? extents.past : count - extents.queries
        return (min(count, maskedKeys), lowest + offset, highest + offset)
    }
}

/// Attention on float32, by CKernels, a panel of queries of one head at a time.
struct VectorisedAttentionKernel: Kernel {
    let plan: AttentionPlan

    private var shape: mpk_attention_shape {
        let extents = plan.extents
        return mpk_attention_shape(
            queries: Int64(extents.queries), keys: Int64(extents.keys), head_dim: Int64(extents.headDim),
            value_dim: Int64(extents.valueDim), scale: plan.scale, softcap: plan.softcap,
            zeroes_empty_rows: plan.zeroesEmptyRows ? 1 : 0)
    }

    var scratchByteCount: Int { withUnsafePointer(to: shape) { mpk_attention_scratch_byte_count($0) } }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let extents = plan.extents
        let panel = Int(MPK_ATTENTION_PANEL)
        let panels = (extents.queries + panel - 1) / panel
        let shape = shape
        context.parallel(extents.batch * extents.queryHeads * panels) { task, scratch in
            let head = task / panels
            var description = self.head(batch: head / extents.queryHeads, head: head % extents.queryHeads, operands)
            withUnsafePointer(to: shape) { shape in
                mpk_attention_run_panel(shape, &description, Int64(task % panels), scratch)
            }
        }
    }

    private func head(batch: Int, head: Int, _ operands: KernelOperands) -> mpk_attention_head {
        let extents = plan.extents
        let shared = head * extents.keyHeads / extents.queryHeads
        func at(_ index: Int, _ steps: AttentionPlan.Steps, _ head: Int) -> UnsafePointer<Float>? {
            operands.optionalInput(index, as: Float.self).map { $0 + batch * steps.batch + head * steps.head }
        }
        let keys = plan.keys(batch: batch, counts: operands.optionalInput(6, as: Int64.self))
        let past = mpk_attention_segment(
            keys: at(4, plan.pastKey, shared), values: at(5, plan.pastValue, shared), count: Int64(extents.past),
            key_stride: Int64(plan.pastKey.row), value_stride: Int64(plan.pastValue.row))
        let new = mpk_attention_segment(
            keys: at(1, plan.key, shared), values: at(2, plan.value, shared),
            count: Int64(extents.keys - extents.past), key_stride: Int64(plan.key.row),
            value_stride: Int64(plan.value.row))
        var result = mpk_attention_head()
        result.query = at(0, plan.query, head)
        result.output = operands.output(0, as: Float.self) + batch * plan.output.batch + head * plan.output.head
        result.query_stride = Int64(plan.query.row)
        result.output_stride = Int64(plan.output.row)
        result.segments = (past, new)
        if let mask = plan.mask {
            if mask.isBool {
                let flags = operands.input(3, as: UInt8.self)
                result.mask_flags = flags + batch * mask.steps.batch + head * mask.steps.head
            } else {
                result.mask_numbers = at(3, mask.steps, head)
            }
            result.mask_query_stride = Int64(mask.steps.row)
            result.mask_key_stride = Int64(mask.column)
        }
        result.lowest = Int64(keys.lowest)
        result.highest = Int64(keys.highest)
        result.key_limit = Int64(keys.count)
        return result
    }
}

extension Attention {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let plan: AttentionPlan
            let attention: Attention
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(
                    CompleteAttentionKernel<Element>(
                        plan: plan, scores: attention.scores,
                        rounding: SoftmaxRounding(attention.softmaxDType)))
            }
        }
        let plan = try AttentionPlan(self, request)
        let dtype = request.inputTypes[0]!.dtype
        let complete = try dtype.acceptFloatingPoint(Visitor(plan: plan, attention: self), for: operatorName)
        let main: any Kernel =
            dtype == .float32 && (softmaxDType == nil || softmaxDType == .float32)
            ? AttentionSelection(fast: VectorisedAttentionKernel(plan: plan), complete: complete) : complete
        return PresentKernel(plan: plan, elementByteCount: dtype.byteCount, attention: main)
    }
}

/// The fast attention, unless its scores are needed too.
struct AttentionSelection: Kernel {
    let fast: VectorisedAttentionKernel
    let complete: any Kernel

    var scratchByteCount: Int { max(fast.scratchByteCount, complete.scratchByteCount) }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        if operands.optionalOutput(3, as: Float.self) != nil {
            try complete.run(operands, context)
        } else {
            fast.run(operands, context)
        }
    }
}

/// Joins past and new keys and values where they are needed, then computes the attention.
struct PresentKernel: Kernel {
    let plan: AttentionPlan
    let elementByteCount: Int
    let attention: any Kernel

    var scratchByteCount: Int { attention.scratchByteCount }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        join(past: 4, plan.pastKey, new: 1, plan.key, columns: plan.extents.headDim, output: 1, operands, context)
        join(past: 5, plan.pastValue, new: 2, plan.value, columns: plan.extents.valueDim, output: 2, operands, context)
        try attention.run(operands, context)
    }

    private func join(
        past: Int, _ pastSteps: AttentionPlan.Steps, new: Int, _ newSteps: AttentionPlan.Steps, columns: Int,
        output: Int, _ operands: KernelOperands, _ context: borrowing KernelContext
    ) {
        guard let result = operands.optionalOutput(output, as: UInt8.self) else { return }
        let extents = plan.extents
        let pastKeys = operands.optionalInput(past, as: UInt8.self)
        let newKeys = operands.input(new, as: UInt8.self)
        let bytes = elementByteCount
        let rowBytes = columns * bytes
        context.parallelRanges(extents.batch * extents.keyHeads, cost: extents.keys * columns) { range in
            for index in range {
                let (batch, head) = (index / extents.keyHeads, index % extents.keyHeads)
                let to = result + index * extents.keys * rowBytes
                if let pastKeys, extents.past > 0 {
                    let from = pastKeys + (batch * pastSteps.batch + head * pastSteps.head) * bytes
                    MemoryMovement.copy(from, to: to, byteCount: extents.past * rowBytes)
                }
                let from = newKeys + (batch * newSteps.batch + head * newSteps.head) * bytes
                for row in extents.past..<extents.keys {
                    MemoryMovement.copy(
                        from + (row - extents.past) * newSteps.row * bytes, to: to + row * rowBytes,
                        byteCount: rowBytes)
                }
            }
        }
    }
}
