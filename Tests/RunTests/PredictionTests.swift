import Foundation
import TestSupport
import Testing

/// `mpinfer plan --cluster`: what a plan would do on hardware that is not available.
@Suite struct PredictionTests {
    private static let quickstart = "\(Material.packageFolder)/jobs/quickstart.yaml"

    private func plan(_ arguments: String...) throws -> ProcessRun {
        try MPInfer.run(["plan", PredictionTests.quickstart] + arguments)
    }

    @Test func theShippedClusterPredicts() throws {
        let cluster = "\(Material.packageFolder)/jobs/clusters/ethernet.yaml"
        let text = try plan("--ranks", "4", "--cluster", cluster)
        try MPInfer.expectSuccess(text)
        for words in ["predicted on", "items/s on 4 ranks", "twice the bandwidth", "half the latency", "2 ranks more"] {
            #expect(text.stdout.contains(words), "\(text)")
        }
        let json = try plan("--ranks", "4", "--cluster", cluster, "--json")
        try MPInfer.expectSuccess(json)
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(json.stdout.utf8)) as? [String: Any])
        #expect((object["stages"] as? [Any])?.count == 4)
        let prediction = try #require(object["prediction"] as? [String: Any])
        let ranks = try #require(prediction["ranks"] as? [[String: Double]])
        for rank in ranks {
            let parts = ["compute", "communication", "inputOutput", "idle"]
            let sum = try parts.reduce(0) { try $0 + #require(rank[$1]) }
            #expect(abs(sum - 1) < 1e-9)
        }
    }

    @Test func slowLinksMakeFewerRanksFaster() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(
            """
            version: 1
            nodes: [{count: 8, ranks: 1, gigaflops: 50}]
            across-nodes: {latency: 5000, bandwidth: 0.001}
            """, to: "slow.yaml")
        let run = try plan("--ranks", "8", "--cluster", path)
        try MPInfer.expectSuccess(run)
        #expect(run.stdout.contains("1 rank is faster than 8"), "\(run)")
    }

    @Test func plansKeepToTheMemoryOfTheRanks() throws {
        let folder = try ScratchFolder()
        func plan(kilobytes: Int, _ strategy: String, ranks: Int = 4) throws -> ProcessRun {
            let path = try folder.write(
                "version: 1\nnodes: [{ranks: \(ranks), gigaflops: 50, memory: \(Double(kilobytes) * 1e-6)}]\n",
                to: "cluster.yaml")
            return try self.plan(
                "--ranks", "\(ranks)", "--cluster", path, "--set", "parallelism.strategy=\(strategy)")
        }
        try MPInfer.expectSuccess(try plan(kilobytes: 100_000, "uniform"))
        // A plan that does not fit is refused, with the stage and the rank.
        MPInfer.expectFailure(try plan(kilobytes: 20, "uniform"), ["stage ", " needs ", "and rank ", "has 0.1 MB"])
        MPInfer.expectFailure(
            try plan(kilobytes: 20, "optimal"), ["the model does not fit into the memory of 4 ranks", "lacks"])
        // One that fits is found.
        let need = try #require(
            (100...2000).first { kilobytes in
                kilobytes % 50 == 0 && (try? plan(kilobytes: kilobytes, "optimal").succeeded) == true
            })
        try MPInfer.expectSuccess(try plan(kilobytes: need, "optimal"))
        MPInfer.expectFailure(
            try plan(kilobytes: need, "optimal", ranks: 1), ["does not fit", "ranks with this memory"])
    }

    @Test(
        "a cluster that makes no sense",
        arguments: [
            ("nodes: [{ranks: 2, gigaflops: 50}]\nacross-nodes: {latency: 1, bandwidth: -5}", "2:39", "greater than 0"),
            ("nodes: [{ranks: 2, gigaflops: 50}]", "4 ranks", "the cluster has 2"),
            ("nodes: [{ranks: 0, gigaflops: 50}]", "nodes.0.ranks", "from 1 to"),
            ("nodes: [{ranks: 1, gigaflops: 50}]\nspeed: 3", "unknown key", "speed"),
        ])
    func errors(text: String, first: String, second: String) throws {
        let folder = try ScratchFolder()
        let path = try folder.write("\(text)\nversion: 1\n", to: "cluster.yaml")
        MPInfer.expectFailure(try plan("--ranks", "4", "--cluster", path), [first, second])
    }
}
