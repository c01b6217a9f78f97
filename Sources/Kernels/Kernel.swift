/// One operator made ready for concrete types: attributes resolved, weights packed, work cut into tasks. Running it
/// allocates nothing.
public protocol Kernel: Sendable {
    /// Bytes of scratch memory that each thread needs while `run` runs.
    var scratchByteCount: Int { get }

    /// Operands that the kernel has taken in while it was made (packed weights, shapes): they need not exist when it
    /// runs, and their pointers are nil then.
    var absorbedOperands: Set<Int> { get }

    /// Operands of output 0's type whose memory may be the output's, because each element is read before the result's
    /// element at the same place is written.
    var overwritableOperands: Set<Int> { get }

    /// Computes the outputs from the operands.
    ///
    /// Results must not depend on the number of threads: cut the work by shape or let each element be computed by the
    /// same sequence of operations wherever the cut falls.
    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError)
}

extension Kernel {
    public var scratchByteCount: Int { 0 }
    public var absorbedOperands: Set<Int> { [] }
    public var overwritableOperands: Set<Int> { [] }
}

/// Where a kernel's operands and results lie: contiguous, row-major, 64-byte aligned unless they are views.
public struct KernelOperands {
    /// nil for operands that are left out or absorbed, and for results that nobody asked for.
    let inputs: UnsafeBufferPointer<UnsafeMutableRawPointer?>
    let outputs: UnsafeBufferPointer<UnsafeMutableRawPointer?>

    func input<Element>(_ index: Int, as type: Element.Type = Element.self) -> UnsafePointer<Element> {
        UnsafePointer(inputs[index]!.assumingMemoryBound(to: type))
    }

    func optionalInput<Element>(_ index: Int, as type: Element.Type = Element.self) -> UnsafePointer<Element>? {
        // A node may name fewer operands than its operator can take.
        guard index < inputs.count else { return nil }
        return inputs[index].map { UnsafePointer($0.assumingMemoryBound(to: type)) }
    }

    func output<Element>(_ index: Int, as type: Element.Type = Element.self) -> UnsafeMutablePointer<Element> {
        outputs[index]!.assumingMemoryBound(to: type)
    }

    /// An output that nobody asked for is nil.
    func optionalOutput<Element>(_ index: Int, as type: Element.Type = Element.self) -> UnsafeMutablePointer<Element>? {
        index < outputs.count ? outputs[index]?.assumingMemoryBound(to: type) : nil
    }
}

/// What a kernel may use besides its operands.
public struct KernelContext: ~Copyable {
    let pool: WorkerPool
    /// [pool.threadCount * scratchStride] bytes
    let scratch: UnsafeMutableRawPointer
    let scratchStride: Int
    /// The job's numbers of the items that a microbatch holds, in order; none where there are no items.
    var items: [Int] = []

    /// Runs `body(task)` for each task, on all threads of the rank.
    func parallel(_ taskCount: Int, _ body: (_ task: Int, _ scratch: UnsafeMutableRawPointer) -> Void) {
        let scratch = scratch
        let scratchStride = scratchStride
        pool.run(taskCount) { task, thread in body(task, scratch + thread * scratchStride) }
    }

    /// Cuts `0..<count` into runs of a few thousand elements' work and runs `body` on them, on all threads.
    ///
    /// - Parameter cost: work per index, in element operations.
    func parallelRanges(_ count: Int, cost: Int, _ body: (Swift.Range<Int>) -> Void) {
        let grain = max(1, 16384 / max(cost, 1))
        let taskCount = (count + grain - 1) / grain
        if taskCount <= 1 || pool.threadCount == 1 {
            if count > 0 { body(0..<count) }
            return
        }
        let runs = min(taskCount, pool.threadCount * 4)
        pool.run(runs) { task, _ in
            let lower = count * task / runs
            let upper = count * (task + 1) / runs
            if lower < upper { body(lower..<upper) }
        }
    }
}

/// Input that a kernel cannot work on although its types fit: an index out of range, for one.
public struct KernelError: Error, Sendable, CustomStringConvertible {
    public let description: String
    /// The element that it cannot work on, where it is one; in row-major order.
    public let element: Int?

    public init(_ description: String, element: Int? = nil) {
        self.description = description
        self.element = element
    }
}

/// A node that failed on the actual values while a stage ran.
public struct NodeFailure: Error, Sendable, CustomStringConvertible {
    /// The node's name.
    public let node: String
    /// Of the indices among its operands: the one that lies outside, in row-major order. Nil where it was something else.
    public let element: Int?
    public let description: String
}
