/// The part of the machine that control groups leave to this process: those of version 2
/// (https://docs.kernel.org/admin-guide/cgroup-v2.html) and of version 1, and of groups within groups the least.
public struct ControlGroups: Sendable {
    /// What a group sets, and which one.
    public struct Limit<Value: Comparable & Sendable>: Sendable {
        public let value: Value
        /// The file that says so.
        public let path: String
    }

    /// In bytes; nil where no group sets a limit.
    public let memory: Limit<Int>?
    /// In cores, as in 1.5; nil where no group sets a limit.
    public let cores: Limit<Double>?

    /// Of this process, as it began.
    public static let own = ControlGroups(root: "")

    /// - Parameter root: the folder that is used as `/`; empty for `/` itself. Tests use their own folder trees.
    public init(root: String) {
        let groups = SystemFile.text("\(root)/proc/self/cgroup") ?? ""
        let mounts = ControlGroups.mounts(SystemFile.text("\(root)/proc/self/mountinfo") ?? "")
        var memory: [Limit<Int>] = []
        var cores: [Limit<Double>] = []
        for line in groups.split(separator: "\n") {
            // Number, controllers, path; in version 2 the number is 0 and no controllers are named.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",").map(String.init)
            for mount in mounts
            where mount.controllers.isEmpty ? controllers.isEmpty : !mount.controllers.isDisjoint(with: controllers) {
                for folder in mount.folders(of: String(fields[2])) {
                    if mount.controllers.isEmpty || controllers.contains("memory") {
                        let name = mount.controllers.isEmpty ? "memory.max" : "memory.limit_in_bytes"
                        // Version 1 says "no limit" by a number near 2^63.
                        if let bytes = SystemFile.number("\(root)\(folder)/\(name)"), 0..<1 << 62 ~= bytes {
                            memory.append(Limit(value: bytes, path: "\(folder)/\(name)"))
                        }
                    }
                    if mount.controllers.isEmpty {
                        let quota =
                            SystemFile.text("\(root)\(folder)/cpu.max")?.split { $0.isWhitespace }
                            .compactMap { Int($0) } ?? []
                        if quota.count == 2, quota[0] > 0, quota[1] > 0 {
                            cores.append(Limit(value: Double(quota[0]) / Double(quota[1]), path: "\(folder)/cpu.max"))
                        }
                    } else if controllers.contains("cpu"),
                        let quota = SystemFile.number("\(root)\(folder)/cpu.cfs_quota_us"), quota > 0,
                        let period = SystemFile.number("\(root)\(folder)/cpu.cfs_period_us"), period > 0
                    {
                        cores.append(
                            Limit(value: Double(quota) / Double(period), path: "\(folder)/cpu.cfs_quota_us"))
                    }
                }
            }
        }
        self.memory = memory.min { $0.value < $1.value }
        self.cores = cores.min { $0.value < $1.value }
    }

    /// Where a hierarchy of groups is seen.
    private struct Mount {
        /// The group that the mount point shows.
        let group: String
        let point: String
        /// Empty for version 2.
        let controllers: Set<String>

        /// The folders of a group and of those around it, as far as they are seen here.
        func folders(of path: String) -> [String] {
            var rest = path
            if group != "/" {
                // A container may see its own group as the root, and be told the path from outside.
                rest = path == group ? "" : path.hasPrefix(group + "/") ? String(path.dropFirst(group.count)) : ""
            }
            var folders = [point]
            for part in rest.split(separator: "/") where part != ".." {
                folders.append(folders[folders.count - 1] + "/" + part)
            }
            return folders
        }
    }

    /// From /proc/self/mountinfo: numbers, root, mount point, options, then behind a dash type, source and more options
    /// (proc_pid_mountinfo(5)).
    private static func mounts(_ text: String) -> [Mount] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 3 else { return nil }
            let controllers: Set<String>
            switch fields[dash + 1] {
            case "cgroup2": controllers = []
            case "cgroup":
                controllers = Set(fields[dash + 3].split(separator: ",").map(String.init))
            default: return nil
            }
            return Mount(group: String(fields[3]), point: String(fields[4]), controllers: controllers)
        }
    }
}
