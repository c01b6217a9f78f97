internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A head's positions one after another, its state in float32. Heads are independent, and each is computed by one thread.
struct LinearAttentionKernel: Kernel {
    let attention: LinearAttention
    let extents: LinearAttention.Extents

    private var stateCount: Int { extents.keyDim * extents.valueDim }
    /// A state that nobody asked for, and what is written at one position.
    var scratchByteCount: Int { (stateCount + extents.valueDim) * MemoryLayout<Float>.stride }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let queries = operands.input(0, as: Float.self)  // [batch, sequence, queryHeads, keyDim]
        let keys = operands.input(1, as: Float.self)  // [batch, sequence, keyHeads, keyDim]
        let values = operands.input(2, as: Float.self)  // [batch, sequence, keyHeads, valueDim]
        let before = operands.optionalInput(3, as: Float.self)  // [batch, keyHeads, keyDim, valueDim]
        let decay = operands.optionalInput(4, as: Float.self)  // [batch, sequence, keyHeads, keyDim or 1]
        let beta = operands.optionalInput(5, as: Float.self)  // [batch, sequence, keyHeads or 1]
        let result = operands.optionalOutput(0, as: Float.self)  // [batch, sequence, queryHeads, valueDim]
        let after = operands.optionalOutput(1, as: Float.self)  // as before
        let (extents, keyHeads, queryHeads) = (extents, attention.keyHeads, attention.queryHeads)
        let (keyDim, valueDim, stateCount) = (extents.keyDim, extents.valueDim, stateCount)
        let group = queryHeads / keyHeads
        let scale = attention.scale ?? 1 / Float(keyDim).squareRoot()
        context.parallel(extents.batch * keyHeads) { head, scratch in
            let spare = scratch.assumingMemoryBound(to: Float.self)
            let state = after.map { $0 + head * stateCount } ?? spare + valueDim
            if let before {
                state.update(from: before + head * stateCount, count: stateCount)
            } else {
                state.update(repeating: 0, count: stateCount)
            }
            let (item, own) = (head / keyHeads, head % keyHeads)
            for step in 0..<extents.sequence {
                let position = item * extents.sequence + step
                let entry = position * keyHeads + own
                if let decay {
                    for row in 0..<keyDim {
                        let rate = extents.decaysByRow ? decay[entry * keyDim + row] : decay[entry]
                        scaleRow(state + row * valueDim, by: exp(rate), count: valueDim)
                    }
                }
                let key = keys + entry * keyDim
                spare.update(from: values + entry * valueDim, count: valueDim)
                if let beta {
                    for row in 0..<keyDim {
                        addRow(state + row * valueDim, times: -key[row], to: spare, count: valueDim)
                    }
                    scaleRow(spare, by: extents.correctsByHead ? beta[entry] : beta[position], count: valueDim)
                }
                for row in 0..<keyDim { addRow(spare, times: key[row], to: state + row * valueDim, count: valueDim) }
                guard let result else { continue }
                for reader in own * group..<(own + 1) * group {
                    let query = queries + (position * queryHeads + reader) * keyDim
                    let read = result + (position * queryHeads + reader) * valueDim
                    read.update(repeating: 0, count: valueDim)
                    for row in 0..<keyDim {
                        addRow(state + row * valueDim, times: query[row], to: read, count: valueDim)
                    }
                    scaleRow(read, by: scale, count: valueDim)
                }
            }
        }
    }

    @inline(__always)
    private func scaleRow(_ row: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
        for index in 0..<count { row[index] *= factor }
    }

    @inline(__always)
    private func addRow(
        _ row: UnsafePointer<Float>, times factor: Float, to sum: UnsafeMutablePointer<Float>, count: Int
    ) {
        for index in 0..<count { sum[index] += row[index] * factor }
    }
}

extension LinearAttention {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        LinearAttentionKernel(attention: self, extents: try extents(of: request.operands()))
    }
}
