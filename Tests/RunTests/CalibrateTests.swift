import Foundation
import TestSupport
import Testing

/// `mpinfer calibrate` on one machine; Tests/Cluster/hosts-test.sh has it on several.
@Suite struct CalibrateTests {
    private func calibrated(_ folder: ScratchFolder, ranks: Int) throws -> (path: String, object: [String: Any]) {
        let path = "\(folder.path)/cluster.yaml"
        let run = try MPInfer.run(["calibrate", "--brief", "--json", "-o", path], ranks: ranks, timeout: 120)
        try MPInfer.expectSuccess(run)
        let object = try JSONSerialization.jsonObject(with: Data(run.stdout.utf8))
        return (path, try #require(object as? [String: Any]))
    }

    @Test("figures are positive and finite, and the file is good for planning", arguments: [1, 2, 3])
    func calibrate(ranks: Int) throws {
        let job = try TestJob.sums(layers: 6, items: 10)
        let (path, object) = try calibrated(job.folder, ranks: ranks)
        let speeds = try #require(object["speeds"] as? [[String: Double]])
        #expect(speeds.count == ranks)
        #expect(speeds.allSatisfy { $0.count == 2 && $0.values.allSatisfy { $0 > 1e6 && $0 < 1e15 } })
        let pairs = try #require(object["pairs"] as? [[String: Any]])
        #expect(pairs.count == (ranks == 1 ? 0 : 1), "of one node, neighbours are measured")
        for pair in pairs {
            #expect(pair["ranks"] as? [Int] == [0, 1])
            let link = try #require(pair["link"] as? [String: Double])
            #expect(
                link["latency"]! > 1e-8 && link["latency"]! < 1 && link["bandwidth"]! > 1e4 && link["bandwidth"]! < 1e13
            )
            #expect(link["sendHandling"]! >= 0 && link["receiveHandling"]! >= 0)
            #expect((pair["times"] as? [Any])?.count ?? 0 >= 6, "small sizes, and two large ones at least")
        }
        let collectives = try #require(object["collectives"] as? [[String: Any]])
        #expect(Set(collectives.compactMap { $0["kind"] as? String }).count == (ranks == 1 ? 0 : 2))
        #expect(collectives.allSatisfy { $0["seconds"] as? Double ?? 0 > 0 })

        let plan = try MPInfer.run([
            "plan", job.specification, "--ranks", "\(ranks)", "--cluster", path, "--set",
            "parallelism.strategy=optimal",
        ])
        try MPInfer.expectSuccess(plan)
        #expect(plan.stdout.contains("predicted on \(path)"))
        // The ranks are where they were: nothing to warn of.
        let ran = try job.run(ranks: ranks, ["--set", "parallelism.cluster=\(path)"])
        try MPInfer.expectSuccess(ran)
        #expect(!ran.stderr.contains("calibrated"))
    }

    @Test("without -o and --json there is a table to read") func table() throws {
        let run = try MPInfer.run(["calibrate", "--brief", "--threads", "1"], ranks: 2, timeout: 120)
        try MPInfer.expectSuccess(run)
        for words in ["2 ranks on 1 node", "GFLOP/s", "within a node", "all-reduce"] {
            #expect(run.stdout.contains(words), "\(run.stdout)")
        }
    }

    @Test("a job on other hosts than the file was calibrated on is warned") func otherHosts() throws {
        let job = try TestJob.sums(layers: 6, items: 10)
        let path = try job.folder.write(
            """
            version: 1
            nodes:
              - {name: elsewhere, ranks: 2, gigaflops: 50}
            measured:
              hosts: [elsewhere]
            """, to: "cluster.yaml")
        let setting = ["--set", "parallelism.cluster=\(path)"]
        let words = "\(path) was calibrated on elsewhere, and this job runs on "
        let ran = try job.run(ranks: 2, setting)
        try MPInfer.expectSuccess(ran)
        #expect(ran.stderr.components(separatedBy: words).count == 2, "said once: \(ran.stderr)")
        let compared = try MPInfer.run(
            ["compare", job.specification, "--rounds", "1", "--strategies", "uniform", "-q"] + setting, ranks: 2,
            timeout: 120)
        try MPInfer.expectSuccess(compared)
        #expect(compared.stderr.contains(words))
    }

    @Test("no plan goes beyond the memory that a cluster file gives") func memory() throws {
        let job = try TestJob.sums(layers: 6, items: 10)
        for (memory, isEnough) in [("1", true), ("0.000000001", false)] {
            let path = try job.folder.write(
                "version: 1\nnodes:\n  - {ranks: 2, gigaflops: 50, memory: \(memory)}\n", to: "cluster.yaml")
            let plan = try MPInfer.run([
                "plan", job.specification, "--ranks", "2", "--cluster", path, "--set", "parallelism.strategy=optimal",
            ])
            if isEnough {
                try MPInfer.expectSuccess(plan)
            } else {
                MPInfer.expectFailure(plan, ["does not fit into the memory of 2 ranks"])
            }
        }
    }

    @Test("what is wrong is said") func wrong() throws {
        MPInfer.expectFailure(
            try MPInfer.run(["calibrate", "--brief", "-o", "/nonexistent/cluster.yaml"], ranks: 1),
            ["/nonexistent/cluster.yaml", "cannot be written"])
        let folder = try ScratchFolder()
        let path = try folder.write("version: 1\nnodes:\n  - {ranks: 2, gigaflops: -5}\n", to: "c.yaml")
        let job = try TestJob.sums(layers: 3, items: 4)
        MPInfer.expectFailure(
            try job.run(ranks: 2, ["--set", "parallelism.cluster=\(path)"]),
            ["c.yaml:3:27", "greater than 0, found -5"])
    }
}
