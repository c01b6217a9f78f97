import Graphs
import Tensors
import TestSupport
import Testing

@testable import Planning

/// What control groups, Slurm and ulimit leave, read from trees of files like those of real machines.
@Suite struct MemoryLimitsTests {
    private func tree(_ files: [String: String]) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        for (path, text) in files { try folder.write(text, to: path) }
        return folder
    }

    private static let unified =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"

    @Test func theLeastOfNestedGroupsCounts() throws {
        let folder = try tree([
            "proc/self/cgroup": "0::/system.slice/slurmstepd.scope/job_7/step_0\n",
            "proc/self/mountinfo": MemoryLimitsTests.unified,
            "sys/fs/cgroup/system.slice/memory.max": "max\n",
            "sys/fs/cgroup/system.slice/cpu.max": "max 100000\n",
            "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/memory.max": "629145600\n",
            "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/cpu.max": "250000 100000\n",
            "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_0/memory.max": "8589934592\n",
            "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_0/cpu.max": "max 100000\n",
        ])
        let groups = ControlGroups(root: folder.path)
        #expect(groups.memory?.value == 600 << 20)
        #expect(groups.memory?.path == "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/memory.max")
        #expect(groups.cores?.value == 2.5)
        let limits = MemoryLimits(root: folder.path, variable: { _ in nil }, installed: 64 << 30)
        #expect(limits.node.byteCount == 600 << 20)
        #expect(limits.node.origin.contains("job_7/memory.max"))
        #expect(limits.process.byteCount == .max)
    }

    /// Several hierarchies of version 1, seen from inside a container that is told the path outside.
    @Test func versionOneInAContainer() throws {
        let folder = try tree([
            "proc/self/cgroup": "4:memory:/docker/c0ffee\n2:cpu,cpuacct:/docker/c0ffee\n0::/\n",
            "proc/self/mountinfo": """
            31 30 0:29 /docker/c0ffee /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
            35 30 0:32 /docker/c0ffee /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
            """,
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "50000\n",
        ])
        let groups = ControlGroups(root: folder.path)
        #expect(groups.memory?.value == 1 << 30)
        #expect(groups.cores?.value == 3)
    }

    @Test func noLimitsAndNoFiles() throws {
        let open = try tree([
            "proc/self/cgroup": "4:memory:/a\n1:cpu:/a\n",
            "proc/self/mountinfo": """
            31 30 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
            35 30 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
            """,
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
        ])
        let damaged = try tree([
            "proc/self/cgroup": "0::\n:\n::::\n0::/a\n", "proc/self/mountinfo": "- - -\n30 - cgroup2\n",
            "proc/self/limits": "Max address space\nMax data size   x y\n",
            "proc/self/status": "VmSize: 99999999999999999999 kB\n",
        ])
        for folder in [open, damaged, try ScratchFolder()] {
            let groups = ControlGroups(root: folder.path)
            #expect(groups.memory == nil && groups.cores == nil)
            let limits = MemoryLimits(root: folder.path, variable: { _ in nil }, installed: 123)
            #expect(limits.node == MemoryLimits.Limit(byteCount: 123, origin: "this machine"))
            #expect(limits.process.byteCount == .max)
        }
    }

    @Test func slurmSays() throws {
        let root = try ScratchFolder().path
        func node(_ environment: [String: String]) -> Int {
            MemoryLimits(root: root, variable: { environment[$0] }, installed: 1 << 40).node.byteCount
        }
        #expect(node(["SLURM_MEM_PER_NODE": "4000"]) == 4000 << 20)
        #expect(node(["SLURM_MEM_PER_CPU": "1000", "SLURM_CPUS_ON_NODE": "6"]) == 6000 << 20)
        for text in ["0", "", "-5", "x", "9223372036854775807"] {
            #expect(node(["SLURM_MEM_PER_NODE": text]) == 1 << 40)
            #expect(node(["SLURM_MEM_PER_CPU": text, "SLURM_CPUS_ON_NODE": "2"]) == 1 << 40)
            #expect(node(["SLURM_MEM_PER_CPU": "5", "SLURM_CPUS_ON_NODE": text]) == 1 << 40)
        }
    }

    @Test func theNarrowestUlimitCounts() throws {
        let folder = try tree([
            "proc/self/limits": """
            Limit                     Soft Limit           Hard Limit           Units
            Max data size             4294967296           unlimited            bytes
            Max resident set          unlimited            unlimited            bytes
            Max address space         3221225472           unlimited            bytes
            """,
            "proc/self/status": "VmSize:\t 1048576 kB\nVmRSS:\t 51200 kB\nVmData:\t 204800 kB\nRssAnon:\t 20480 kB\n",
        ])
        let limits = MemoryLimits(root: folder.path, variable: { _ in nil }, installed: 64 << 30)
        #expect(limits.process == MemoryLimits.Limit(byteCount: 3 << 30, origin: "ulimit -v"))
        #expect(limits.processUse == 1 << 30)
        #expect(limits.use == 20 << 20)
    }

    // MARK: Plans

    /// Two stages of 1,000 bytes of weights each, 16 bytes between them.
    ///
    /// - Parameter replicas: of both stages.
    private func plan(replicas: Int = 1) throws -> (plan: PartitionPlan, need: MemoryNeed) {
        var graph = Graph(name: "two")
        let input = graph.addInput(named: "x", dtype: .float32, dimensions: [.fixed(1), .fixed(250)])
        let first = graph.addConstant(named: "a", .tensor(Tensor([Float](repeating: 1, count: 250))))
        let second = graph.addConstant(named: "b", .tensor(Tensor([Float](repeating: 1, count: 250))))
        let middle = graph.addNode(named: "one", .binary(Binary(.add)), [input, first])
        graph.outputs = [graph.addNode(named: "two", .binary(Binary(.add)), [middle, second])]
        let bound = try BoundGraph(graph, inputTypes: [TensorType(.float32, [1, 250])]) { _, _, _ in [] }
        let chain = LayerChain(bound)
        let plan = PartitionPlan(
            bound, chain: chain, placement: Placement(boundaries: [0, 1], ranks: [0, 1]).replicated(replicas),
            strategy: "uniform", microbatchSize: 1, modelFingerprint: "")
        return (plan, MemoryNeed(of: plan, chain: chain))
    }

    /// A value that the last of five stages needs lies in five buffers where it is made, one for each stage in between.
    @Test func skipConnectionsKeepABufferForEachStageOnTheWay() throws {
        var graph = Graph(name: "skip")
        let input = graph.addInput(named: "x", dtype: .float32, dimensions: [.fixed(1), .fixed(250)])
        let skipped = graph.addNode(named: "first", .unary(Unary(.relu)), [input])
        var value = skipped
        for index in 0..<3 { value = graph.addNode(named: "middle\(index)", .unary(Unary(.tanh)), [value]) }
        graph.outputs = [graph.addNode(named: "last", .binary(Binary(.add)), [value, skipped])]
        let bound = try BoundGraph(graph, inputTypes: [TensorType(.float32, [1, 250])]) { _, _, _ in [] }
        let chain = LayerChain(bound)
        let plan = PartitionPlan(
            bound, chain: chain, placement: Placement(boundaries: [0, 1, 2, 3, 4]), strategy: "uniform",
            microbatchSize: 1, modelFingerprint: "")
        // The input and the result are alive at once, and in addition the result lies in five buffers.
        let need = MemoryNeed(of: plan, chain: chain)
        #expect(need.stageByteCounts[0] == 1000 + 1000 + 5 * 1000)
        func complaint(limit: Int) -> String {
            let link = Cluster.Link(latency: 0, bandwidth: 1e9)
            let ranks = (0..<5).map { _ in Cluster.Rank(node: 0, flopsPerSecond: 1e9, memoryByteCount: limit) }
            do throws(PlanningError) {
                try ScheduleVerifier.verifyMemory(
                    of: plan, chain: chain, cluster: Cluster(ranks: ranks, withinNode: link, acrossNodes: link))
                return ""
            } catch { return error.description }
        }
        #expect(complaint(limit: need.stageByteCounts.max()!) == "")
        #expect(complaint(limit: need.stageByteCounts[0] - 1).hasPrefix("stage 0 needs"))
    }

    @Test func replicasOnANodeHoldTheirWeightsOnce() throws {
        let (plan, need) = try plan(replicas: 3)
        func complaint(_ hosts: [String], node: Int) -> String {
            do throws(PlanningError) {
                try need.requireRoom(for: plan, in: hosts.map { room($0, node: node) })
                return ""
            } catch { return error.description }
        }
        // Six ranks; the first also collects. Of 1,000 bytes of weights two replicas of three need none.
        let all = plan.stagesByRank.reduce(0) { $0 + need.byteCount(of: $1) } - 2 * 2 * 1000
        let together = [String](repeating: "a", count: 6)
        #expect(complaint(together, node: all) == "")
        #expect(complaint(together, node: all - 1).contains("ranks 0, 1, 2, 3, 4, 5 on a need"))
        // On nodes of their own each holds them; rank 1 also collects.
        let first = need.byteCount(of: plan.stagesByRank[0]) + need.byteCount(of: plan.stagesByRank[1])
        #expect(complaint(["a", "a", "b", "b", "c", "c"], node: first) == "")
        #expect(complaint(["a", "a", "b", "b", "c", "c"], node: first - 1).contains("ranks 0, 1 on a need"))
    }

    private func room(_ host: String, node: Int, process: Int = .max, use: Int = 0) -> MemoryRoom {
        MemoryRoom(
            host: host,
            limits: MemoryLimits(
                node: .init(byteCount: node, origin: "the control group (/g/memory.max)"),
                process: .init(byteCount: process, origin: "ulimit -v"), processUse: 0, use: use))
    }

    private func complaint(_ rooms: [MemoryRoom]) throws -> String {
        let (plan, need) = try plan()
        do {
            try need.requireRoom(for: plan, in: rooms)
            return ""
        } catch { return error.description }
    }

    @Test func ranksOfANodeShareItsMemory() throws {
        let needs = try plan().need.stageByteCounts
        let sum = needs[0] + needs[1]
        #expect(try complaint([room("a", node: sum), room("a", node: sum)]) == "")
        #expect(try complaint([room("a", node: needs[0]), room("b", node: needs[1])]) == "")
        let shared = try complaint([room("a", node: sum - 1), room("a", node: sum - 1)])
        #expect(shared.contains("ranks 0, 1 on a need"))
        #expect(shared.contains("the control group (/g/memory.max) leaves"))
        #expect(shared.contains("start fewer ranks on a node"))
        let apart = try complaint([room("a", node: needs[0]), room("b", node: needs[1] - 1)])
        #expect(apart.contains("rank 1 on b needs"))
        // What a rank has before its stage counts too.
        #expect(try complaint([room("a", node: sum, use: 1), room("a", node: sum)]).contains("ranks 0, 1"))
        let single = try complaint([room("a", node: .max, process: needs[0] - 1), room("a", node: .max)])
        #expect(single.contains("rank 0 on a needs"))
        #expect(single.contains("ulimit -v"))
        #expect(try complaint([room("a", node: 1 << 62), room("a", node: 1 << 62)]) == "")
    }
}
