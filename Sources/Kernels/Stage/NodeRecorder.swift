#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How long each node of a stage takes: what a profile is made of. Nodes that are fused into one kernel count as the one
/// that gives it its name; nodes of a body count with the node that holds it.
public final class NodeRecorder {
    /// By name, in seconds, since `begin()`.
    public private(set) var seconds: [String: Double] = [:]
    private var last = 0.0

    public init() {}

    /// Begins anew: what is noted next is counted from now on.
    public func begin() {
        seconds.removeAll(keepingCapacity: true)
        last = NodeRecorder.now
    }

    /// A node has ended, and the next one begins.
    func note(_ name: String) {
        let now = NodeRecorder.now
        seconds[name, default: 0] += now - last
        // The time that noting takes counts for no node.
        last = NodeRecorder.now
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
