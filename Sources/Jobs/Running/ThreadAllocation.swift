internal import MPI
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How many threads a rank computes with.
public struct ThreadAllocation: Sendable, Codable, Hashable {
    public enum Origin: String, Sendable, Codable { case jobSpecification, environment, binding, quota }

    public let threadCount: Int
    public let origin: Origin

    /// What the job says; otherwise `OPENBLAS_NUM_THREADS`; otherwise the rank's share of the cores that it may run on,
    /// where each core is divided equally among the ranks that are bound to it, and no more than its share of the time
    /// that a control group lets it compute. All ranks call this together.
    static func decide(_ setting: JobSpecification.Count, world: Communicator) throws -> ThreadAllocation {
        let cores = try boundCores()
        let node = try world.nodeLocal()
        let everybody = try node.allGather(bytes: cores)
        let quota = ControlGroups.own.cores
        let groups = try node.allGather(bytes: Array((quota?.path ?? "").utf8))
        if case .exactly(let count) = setting { return ThreadAllocation(threadCount: count, origin: .jobSpecification) }
        if let text = environment("OPENBLAS_NUM_THREADS") {
            guard let count = Int(text), (1...4096).contains(count) else {
                throw JobError("OPENBLAS_NUM_THREADS is '\(text)', and must be a number of threads")
            }
            return ThreadAllocation(threadCount: count, origin: .environment)
        }
        let bound = share(of: cores, among: everybody)
        guard let quota else { return ThreadAllocation(threadCount: bound, origin: .binding) }
        let members = groups.count { $0 == Array(quota.path.utf8) }
        let most = share(ofQuota: quota.value, among: members)
        return ThreadAllocation(threadCount: min(bound, most), origin: most < bound ? .quota : .binding)
    }

    /// The number of threads that fit into a rank's part of a control group's time: with more, all of them would be
    /// stopped for a part of the time.
    ///
    /// - Parameters:
    ///   - quota: in cores, as in 2.5.
    ///   - ranks: how many are in the group.
    static func share(ofQuota quota: Double, among ranks: Int) -> Int {
        max(1, Int(min(quota / Double(max(1, ranks)) + 1e-6, 4096)))
    }

    /// - Parameters:
    ///   - cores: 1 for each core that this rank is bound to, 0 for the others.
    ///   - ranks: the same for every rank of the node, this one included.
    static func share(of cores: [UInt8], among ranks: [[UInt8]]) -> Int {
        var share = 0.0
        for (core, isBound) in cores.enumerated() where isBound == 1 {
            share += 1 / Double(max(1, ranks.count { core < $0.count && $0[core] == 1 }))
        }
        // In floating point, three thirds may add up to slightly less than 1.
        return max(1, Int(share + 1e-6))
    }

    private static func boundCores() throws -> [UInt8] {
        guard let cores = boundCores(ofProcess: "self") else {
            throw JobError("/proc/self/status does not tell the cores of this process: set 'threads' in the job")
        }
        return cores
    }

    /// From the kernel's list of the cores that a process may run on, as in `0-3,8`.
    ///
    /// - Parameter process: its number, or `self`.
    /// - Returns: 1 for each of these cores, 0 for the others; nil where the kernel does not report it.
    static func boundCores(ofProcess process: String) -> [UInt8]? {
        guard let status = SystemFile.text("/proc/\(process)/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed_list:") })
        else { return nil }
        return cores(inList: line.drop { $0 != ":" }.dropFirst().filter { !$0.isWhitespace })
    }

    static func cores(inList list: String) -> [UInt8] {
        var cores: [UInt8] = []
        for run in list.split(separator: ",") {
            let bounds = run.split(separator: "-").compactMap { Int($0) }
            guard let first = bounds.first, let last = bounds.last, first <= last, last < 1 << 16 else { continue }
            if cores.count <= last { cores += [UInt8](repeating: 0, count: last + 1 - cores.count) }
            for core in first...last { cores[core] = 1 }
        }
        return cores.isEmpty ? [1] : cores
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
