internal import Tensors

/// The memory that a stage computes in. One for all programs of a rank, since they run one at a time.
public final class Arena {
    private var storage = Storage(byteCount: 0)
    /// For the bodies of control flow, which run while what surrounds them is still under way.
    private(set) lazy var inner = Arena()
    private var hasInner = false

    public init() {}

    public var byteCount: Int { storage.byteCount + (hasInner ? inner.byteCount : 0) }
    var pointer: UnsafeMutableRawPointer { storage.pointer }

    /// Makes room; what was there is lost.
    func reserve(_ byteCount: Int) {
        if byteCount > storage.byteCount { storage = Storage(byteCount: byteCount) }
    }

    /// Has the system give the memory now: the first microbatch is then computed as fast as the others.
    public func populate() {
        storage.populate()
        if hasInner { inner.populate() }
    }

    /// One level further in.
    func nested() -> Arena {
        hasInner = true
        return inner
    }
}
