internal import MPI
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The cores that a rank may run on, and those that are available for all ranks of the node.
struct CoreBinding: Codable, Sendable {
    let host: String
    /// Of those that the rank may run on, by number.
    let cores: Set<Int>
    /// Cores of the node that the job may use; nil where no launcher has started the rank.
    let available: Int?

    /// Of this process. The cores that its launcher may run on count as available, since a launcher binds its ranks and
    /// not itself, as far as Slurm and control groups let the job use them.
    static var own: CoreBinding {
        let cores = numbers(ofProcess: "self") ?? []
        guard MPISession.launcher != nil, let launcher = numbers(ofProcess: "\(getppid())") else {
            return CoreBinding(host: MPISession.processorName, cores: cores, available: nil)
        }
        var available = launcher.count
        if let text = getenv("SLURM_CPUS_ON_NODE"), let count = Int(String(cString: text)), count > 0 {
            available = min(available, count)
        }
        if let quota = ControlGroups.own.cores?.value { available = min(available, max(1, Int(quota))) }
        return CoreBinding(host: MPISession.processorName, cores: cores, available: available)
    }

    private static func numbers(ofProcess process: String) -> Set<Int>? {
        guard let bits = ThreadAllocation.boundCores(ofProcess: process) else { return nil }
        return Set(bits.indices.filter { bits[$0] == 1 })
    }

    /// What the user should know when the launcher leaves cores idle; nil where no cores are idle.
    ///
    /// - Parameter bindings: of all ranks.
    static func notice(_ bindings: [CoreBinding], launcher: MPISession.Launcher?) -> String? {
        var hosts: [(name: String, ranks: [CoreBinding])] = []
        for binding in bindings {
            if let index = hosts.firstIndex(where: { $0.name == binding.host }) {
                hosts[index].ranks.append(binding)
            } else {
                hosts.append((binding.host, [binding]))
            }
        }
        var idle: [(host: String, rankCount: Int, used: Int, available: Int)] = []
        for host in hosts {
            let used = host.ranks.reduce(into: Set<Int>()) { $0.formUnion($1.cores) }.count
            guard used > 0, let available = host.ranks.compactMap(\.available).max(), used < available else { continue }
            idle.append((host.name, host.ranks.count, used, available))
        }
        guard let first = idle.first else { return nil }
        let others = idle.count - 1
        let place = first.host + (others == 0 ? "" : " and \(others) other host\(others == 1 ? "" : "s")")
        let share = max(1, first.available / first.rankCount)
        let remedy =
            switch launcher {
            case .slurm: "ask for more with 'srun -c \(share)'"
            case .openMPI, nil:
                "let them share all cores with 'mpirun --bind-to none', or give each its own with "
                    + "'mpirun --map-by slot:PE=\(share) --bind-to core'"
            case .processManager: "let them share all cores with 'mpiexec -bind-to none'"
            }
        return
            "\(place): \(first.used) of \(first.available) cores are used, since the launcher has bound "
            + "\(first.rankCount == 1 ? "the rank" : "the \(first.rankCount) ranks") to them; \(remedy)"
    }
}
