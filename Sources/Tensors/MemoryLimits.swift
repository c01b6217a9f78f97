#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How much memory there is for a process, and what sets the limit.
public struct MemoryLimits: Sendable, Codable, Hashable {
    public struct Limit: Sendable, Codable, Hashable {
        /// `Int.max` where there is none.
        public let byteCount: Int
        /// As the subject of a sentence: `this machine`, `the control group (/sys/fs/cgroup/a/memory.max)`.
        public let origin: String

        public init(byteCount: Int, origin: String) {
            self.byteCount = byteCount
            self.origin = origin
        }
    }

    /// For all ranks of the node together.
    public let node: Limit
    /// For this process alone.
    public let process: Limit
    /// What this process has already, in bytes, by the measure of `process`, and of memory that is not mapped from a
    /// file.
    public let processUse: Int
    public let use: Int

    public init(node: Limit, process: Limit, processUse: Int, use: Int) {
        self.node = node
        self.process = process
        self.processUse = processUse
        self.use = use
    }

    /// - Parameters:
    ///   - root: the folder that is used as `/`; empty for `/` itself.
    ///   - variable: the value of an environment variable; those of Slurm are asked for (https://slurm.schedmd.com/sbatch.html#SECTION_OUTPUT-ENVIRONMENT-VARIABLES).
    ///   - installed: bytes that the machine has; nil to ask the system.
    public init(root: String, variable: (String) -> String?, installed: Int? = nil) {
        var node = [Limit(byteCount: installed ?? MemoryLimits.installed, origin: "this machine")]
        if let group = ControlGroups(root: root).memory {
            node.append(Limit(byteCount: group.value, origin: "the control group (\(group.path))"))
        }
        func megabytes(_ name: String) -> Int? {
            // 0 means all that the node has.
            variable(name).flatMap { Int($0) }.flatMap { 1..<1 << 40 ~= $0 ? $0 << 20 : nil }
        }
        if let bytes = megabytes("SLURM_MEM_PER_NODE") {
            node.append(Limit(byteCount: bytes, origin: "Slurm (SLURM_MEM_PER_NODE)"))
        }
        if let bytes = megabytes("SLURM_MEM_PER_CPU"),
            let cores = variable("SLURM_CPUS_ON_NODE").flatMap({ Int($0) }), 1..<1 << 20 ~= cores
        {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: cores)
            if !overflow {
                node.append(Limit(byteCount: product, origin: "Slurm (SLURM_MEM_PER_CPU for \(cores) cores)"))
            }
        }
        self.node = node.min { $0.byteCount < $1.byteCount }!

        let limits = SystemFile.text("\(root)/proc/self/limits") ?? ""
        let status = SystemFile.text("\(root)/proc/self/status") ?? ""
        use = MemoryLimits.kilobytes("RssAnon", in: status) << 10
        var process = (limit: Limit(byteCount: .max, origin: "ulimit"), use: 0)
        for (name, option, measure) in [
            ("Max address space", "ulimit -v", "VmSize"), ("Max data size", "ulimit -d", "VmData"),
            ("Max resident set", "ulimit -m", "VmRSS"),
        ] {
            guard let bytes = MemoryLimits.softLimit(name, in: limits) else { continue }
            let used = MemoryLimits.kilobytes(measure, in: status) << 10
            if bytes - used < process.limit.byteCount - process.use {
                process = (Limit(byteCount: bytes, origin: option), used)
            }
        }
        self.process = process.limit
        processUse = process.use
    }

    /// The soft limit in a line of /proc/self/limits, in bytes; nil for none.
    private static func softLimit(_ name: String, in limits: String) -> Int? {
        guard let line = limits.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        return line.dropFirst(name.count).split(separator: " ").first.flatMap { Int($0) }
    }

    /// A figure of /proc/self/status; 0 where it is not there.
    private static func kilobytes(_ name: String, in status: String) -> Int {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name + ":") }),
            let number = Int(line.filter(\.isNumber)), number < 1 << 50
        else { return 0 }
        return number
    }

    /// In bytes.
    private static let installed: Int = {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let pageSize = sysconf(Int32(_SC_PAGESIZE))
        return pages > 0 && pageSize > 0 ? pages * pageSize : Int.max
    }()
}
