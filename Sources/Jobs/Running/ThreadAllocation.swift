internal import MPI

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How many threads a rank computes with.
public struct ThreadAllocation: Sendable, Codable, Hashable {
    public enum Origin: String, Sendable, Codable { case jobSpecification, environment, binding }

    public let threadCount: Int
    public let origin: Origin

    /// What the job says; else `OPENBLAS_NUM_THREADS`; else the rank's share of the cores that it may run on: each
    /// core counts for each rank that is bound to it by the part that falls to one. All ranks call this together.
    static func decide(_ setting: JobSpecification.Count, world: Communicator) throws -> ThreadAllocation {
        let cores = boundCores()
        let node = try world.nodeLocal()
        let everybody = try node.allGather(bytes: cores)
        if case .exactly(let count) = setting { return ThreadAllocation(threadCount: count, origin: .jobSpecification) }
        if let text = environment("OPENBLAS_NUM_THREADS") {
            guard let count = Int(text), (1...4096).contains(count) else {
                throw JobError("OPENBLAS_NUM_THREADS is '\(text)', and must be a number of threads")
            }
            return ThreadAllocation(threadCount: count, origin: .environment)
        }
        return ThreadAllocation(threadCount: share(of: cores, among: everybody), origin: .binding)
    }

    /// - Parameters:
    ///   - cores: 1 for each core that this rank is bound to, 0 for the others.
    ///   - ranks: the same for every rank of the node, this one included.
    static func share(of cores: [UInt8], among ranks: [[UInt8]]) -> Int {
        var share = 0.0
        for (core, isBound) in cores.enumerated() where isBound == 1 {
            share += 1 / Double(max(1, ranks.count { core < $0.count && $0[core] == 1 }))
        }
        // The sum of thirds is not quite 1.
        return max(1, Int(share + 1e-6))
    }

    private static func boundCores() -> [UInt8] {
        var set = cpu_set_t()
        guard sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else { return [1] }
        return withUnsafeBytes(of: &set) { bytes in
            let used = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
            return bytes[..<used].flatMap { byte in (0..<8).map { UInt8(byte >> $0 & 1) } }
        }
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
