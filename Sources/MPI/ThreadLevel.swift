/// Which threads of a process may call MPI, in the order of what they allow.
public enum ThreadLevel: Int, Sendable, Comparable, CaseIterable, CustomStringConvertible {
    /// The process has one thread.
    case single
    /// Only the thread that started the session calls MPI; others may compute.
    case funneled
    /// Any thread may call MPI, one at a time.
    case serialized
    /// Any thread may call MPI at any time.
    case multiple

    public static func < (left: ThreadLevel, right: ThreadLevel) -> Bool { left.rawValue < right.rawValue }

    /// MPI's own name.
    public var description: String {
        switch self {
        case .single: "MPI_THREAD_SINGLE"
        case .funneled: "MPI_THREAD_FUNNELED"
        case .serialized: "MPI_THREAD_SERIALIZED"
        case .multiple: "MPI_THREAD_MULTIPLE"
        }
    }
}
