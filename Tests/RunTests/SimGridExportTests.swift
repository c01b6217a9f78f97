import FoundationEssentials
import TestSupport
import Testing

/// `mpinfer plan --export simgrid`: the files that it writes, and what it says.
@Suite struct SimGridExportTests {
    private static let quickstart = "\(Material.packageFolder)/jobs/quickstart.yaml"
    private static let cluster = "\(Material.packageFolder)/jobs/clusters/ethernet.yaml"

    private func plan(_ arguments: String..., job: String = SimGridExportTests.quickstart) throws -> ProcessRun {
        try MPInfer.run(["plan", job] + arguments)
    }

    @Test func filesAreWrittenAndReplaced() throws {
        let folder = try ScratchFolder()
        let target = "\(folder.path)/new/it's here"
        try folder.write("old", to: "new/it's here/rank-0.trace")
        let run = try plan("--ranks", "4", "--cluster", SimGridExportTests.cluster, "--export", "simgrid", target)
        try MPInfer.expectSuccess(run)
        #expect(
            folder.names(in: "new/it's here") == [
                "hosts", "platform.xml", "rank-0.trace", "rank-1.trace", "rank-2.trace", "rank-3.trace", "replay.sh",
                "trace",
            ])
        let trace = try folder.text("new/it's here/rank-0.trace")
        #expect(
            trace.hasPrefix("0 init\n0 compute ") && trace.contains("\n0 isend 1 0 ") && trace.hasSuffix("finalize\n"))
        #expect(
            run.stdout.contains("predicted on")
                && run.stdout.contains("sh '\(folder.path)/new/it'\\''s here/replay.sh'"))
    }

    @Test(.enabled(if: SimGrid.isInstalled || Material.isRequired, "\(SimGrid.absent)"))
    func whatIsPrintedReplaysAndAgrees() throws {
        let folder = try ScratchFolder()
        let run = try plan(
            "--ranks", "4", "--cluster", SimGridExportTests.cluster, "--export", "simgrid", "\(folder.path)/traces",
            "--export-microbatches", "5", "--json")
        try MPInfer.expectSuccess(run)
        // The plan is JSON, so the rest goes elsewhere.
        #expect(run.stdout.hasPrefix("{") && run.stderr.contains("the first 5 of "))
        let command = try #require(run.stderr.split(separator: "\n").last { $0.hasPrefix("  sh ") })
        let replay = try ProcessRun.run("sh", ["-c", String(command)], timeout: 60)
        #expect(replay.succeeded && (replay.stdout + replay.stderr).contains("Simulation time"), "\(replay)")
    }

    @Test(
        "words that say nothing to export",
        arguments: [
            (["--ranks", "2", "--cluster", cluster, "--export", "simgrid"], "--export simgrid traces"),
            (["--ranks", "2", "--cluster", cluster, "--export", "dot", "/tmp/traces"], "'dot' is no format"),
            (["--cluster", cluster, "--export", "simgrid", "/tmp/traces", quickstart], "the job stands before it"),
            (["--cluster", cluster, "--export-microbatches", "3"], "is for --export"),
            (
                ["--cluster", cluster, "--export", "simgrid", "/tmp/traces", "--export-microbatches", "0"],
                "must be at least 1"
            ),
        ])
    func usageErrors(arguments: [String], words: String) throws {
        MPInfer.expectFailure(
            try MPInfer.run(["plan", SimGridExportTests.quickstart] + arguments), [words], status: 64)
    }

    @Test(
        "what cannot be exported",
        arguments: [
            (["--ranks", "2", "--export", "simgrid", "/tmp/traces"], "--cluster"),
            (["--ranks", "2", "--cluster", cluster, "--export", "simgrid", "/proc/nothing"], "/proc/nothing"),
        ])
    func errors(arguments: [String], words: String) throws {
        MPInfer.expectFailure(try MPInfer.run(["plan", SimGridExportTests.quickstart] + arguments), [words])
    }
}
