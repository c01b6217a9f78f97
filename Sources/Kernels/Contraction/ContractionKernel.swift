internal import Tensors

/// An Einstein sum as a few kernels one after another: copies, sums, element-wise products and matrix products.
struct ContractionKernel: Kernel {
    struct Step: Sendable {
        let kernel: any Kernel
        let inputs: [LetteredView.Place]
        let output: LetteredView.Place
    }

    let steps: [Step]
    /// Where each temporary starts, in bytes, and where the last one ends.
    let temporaries: [Int]
    let temporaryByteCount: Int
    /// Constants that were packed while the kernel was made.
    let absorbedOperands: Set<Int>

    init(steps: [Step], temporaryByteCounts: [Int], absorbedOperands: Set<Int>) {
        self.steps = steps
        var starts: [Int] = []
        var end = 0
        for count in temporaryByteCounts {
            starts.append(end)
            end += (count + Storage.alignment - 1) / Storage.alignment * Storage.alignment
        }
        temporaries = starts
        temporaryByteCount = end
        self.absorbedOperands = absorbedOperands
    }

    /// The temporaries lie in the first thread's scratch; behind them the addresses that a step is given, and what it needs
    /// there itself.
    var scratchByteCount: Int {
        temporaryByteCount + Self.addressByteCount + (steps.map(\.kernel.scratchByteCount).max() ?? 0)
    }

    /// Room for the addresses of two operands and a result, as a multiple of the alignment.
    private static var addressByteCount: Int { Storage.alignment }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let scratch = context.scratch
        let inner = KernelContext(
            pool: context.pool, scratch: scratch + temporaryByteCount + Self.addressByteCount,
            scratchStride: context.scratchStride)
        func pointer(_ place: LetteredView.Place) -> UnsafeMutableRawPointer? {
            switch place {
            case .operand(let index): operands.inputs[index]
            case .temporary(let index): scratch + temporaries[index]
            case .result: operands.outputs[0]
            }
        }
        let list = UnsafeMutableBufferPointer(
            start: (scratch + temporaryByteCount).bindMemory(to: UnsafeMutableRawPointer?.self, capacity: 3), count: 3)
        for step in steps {
            for (index, place) in step.inputs.enumerated() { list.initializeElement(at: index, to: pointer(place)) }
            list.initializeElement(at: 2, to: pointer(step.output))
            try step.kernel.run(
                KernelOperands(
                    inputs: UnsafeBufferPointer(rebasing: list[0..<step.inputs.count]),
                    outputs: UnsafeBufferPointer(rebasing: list[2..<3])), inner)
        }
    }
}
