import TestSupport
import Testing

/// What MPIProbe finds when it is launched as several ranks.
@Suite(.serialized) struct RankTests {
    static let anySize = [
        "session", "ring", "all-pairs", "unordered-tags", "bytes", "probe", "exchange", "fewer-rows", "lengths",
        "slots", "slots-pieces", "slots-any", "slots-abandon", "poll", "barrier", "broadcast", "reduce",
        "reduce-halves", "gather",
        "gather-tensors", "scatter", "all-to-all", "split", "duplicate", "node-local", "shared-window",
        "unfreed-window", "tickets", "invalid-rank",
    ]

    @Test(arguments: [1, 2, 3, 5, 8]) func everyCase(ranks: Int) throws {
        try expectPass(RankTests.anySize, ranks: ranks)
    }

    /// 64 MiB, also over TCP, which sends it in other ways than shared memory.
    @Test func bigMessages() throws {
        try expectPass(["big"], ranks: 2)
        try expectPass(["big", "lengths", "poll"], ranks: 2, environment: ["OMPI_MCA_btl": "self,tcp"])
    }

    /// A message longer than a receive begun ahead; the settings keep Open MPI from writing past its end.
    @Test func wrongLengthsAhead() throws {
        try expectPass(["lengths-eager"], ranks: 3)
        try expectPass(
            ["lengths-ahead"], ranks: 2, environment: ["OMPI_MCA_btl_vader_single_copy_mechanism": "none"])
    }

    @Test func failureIsHeard() throws {
        for ranks in [2, 5] { try expectPass(["failure-channel"], ranks: ranks) }
    }

    @Test func abortEndsAllRanks() throws {
        let run = try MPILauncher.run(executable: "MPIProbe", ranks: 3, arguments: ["abort"], timeout: 30)
        #expect(run.status == 7 && run.seconds < 15, "\(run)")
    }

    @Test(arguments: ["dropped-send", "dropped-receive", "dropped-slot"])
    func droppedTransferTraps(name: String) throws {
        let run = try MPILauncher.run(executable: "MPIProbe", ranks: 2, arguments: [name], timeout: 60)
        #if DEBUG
            #expect(!run.succeeded && !run.timedOut && !run.stdout.contains("survived"), "\(run)")
            #expect(run.stderr.contains("never waited for"), "\(run)")
        #else
            #expect(run.succeeded && run.stdout.contains("survived"), "\(run)")
        #endif
    }

    @Test func withoutLauncher() throws {
        let run = try MPILauncher.runAlone(
            executable: "MPIProbe", arguments: ["session", "ring", "slots", "reduce", "shared-window"])
        #expect(run.succeeded && run.stdout.contains("launcher none, ranks 1"), "\(run)")
        let launched = try MPILauncher.run(executable: "MPIProbe", ranks: 2, arguments: ["session"])
        #expect(launched.succeeded && launched.stdout.contains("launcher openMPI, ranks 2"), "\(launched)")
    }

    private func expectPass(_ names: [String], ranks: Int, environment: [String: String?] = [:]) throws {
        let run = try MPILauncher.run(
            executable: "MPIProbe", ranks: ranks, arguments: names, environment: environment, timeout: 120)
        #expect(run.succeeded, "\(run)")
        for name in names { #expect(run.stdout.contains("passed \(name)\n"), "\(name) at \(ranks) ranks") }
    }
}
