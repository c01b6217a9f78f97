import Foundation
import TestSupport
import Testing

/// Where results and reports go: files, pipes, devices, and standard output.
@Suite struct DestinationTests {
    /// Runs a line of bash in the job's folder; `$mpinfer` is the program.
    private func shell(_ job: TestJob, _ line: String) throws -> ProcessRun {
        try MPILauncher.runAlone(
            executable: "/bin/bash",
            arguments: [
                "-c", "set -o pipefail; cd \"$1\"; mpinfer=$2; \(line)", "bash", job.folder.path,
                BuiltExecutable.path("mpinfer"),
            ])
    }

    @Test(
        "a full disk behind standard output is an error",
        arguments: ["run job.yaml -q", "run job.yaml -q --json", "inspect model.onnx", "plan job.yaml", "--help"])
    func fullDisk(command: String) throws {
        let job = try TestJob.sums(layers: 3, items: 8)
        let run = try shell(job, "$mpinfer \(command) >/dev/full")
        MPInfer.expectFailure(run, ["standard output", "No space left on device"])
    }

    @Test(
        "a reader that has gone away ends nothing",
        arguments: ["run job.yaml -q --json", "inspect model.onnx", "--help"])
    func closedPipe(command: String) throws {
        let job = try TestJob.sums(layers: 3, items: 8)
        let run = try shell(job, "$mpinfer \(command) | true; echo ${PIPESTATUS[0]}")
        #expect(run.stdout == "0\n" && run.stderr.isEmpty, "\(run)")
        if command.hasPrefix("run") { #expect(job.folder.names(in: "out") == ["sum3.npy"]) }
    }

    @Test("reports go through links, into pipes and devices") func otherThanFiles() throws {
        let job = try TestJob.sums(layers: 3, items: 8)
        try job.folder.write("", to: "elsewhere/page.html")
        let line = """
            ln -s elsewhere/page.html page.html; mkfifo pipe; cat pipe >trace.json &
            $mpinfer run job.yaml -q --report page.html --trace pipe --replan /dev/null && wait &&
                [ -L page.html ] && [ -p pipe ] && [ -c /dev/null ] && $mpinfer plan job.yaml -o >(cat >plan.json) >text &&
                $mpinfer plan job.yaml -o /dev/stdout >>text && sleep 0.2
            """
        try MPInfer.expectSuccess(try shell(job, line))
        #expect(try job.folder.text("elsewhere/page.html").hasPrefix("<!DOCTYPE html>"))
        #expect(JSONValue.parse(try job.folder.text("trace.json")) != nil)
        let plan = try job.folder.text("plan.json")
        #expect(JSONValue.parse(plan) != nil)
        // Twice what is printed, with the plan where standard output was.
        let parts = try job.folder.text("text").components(separatedBy: plan)
        #expect(parts.count == 2 && parts[0] == parts[1], "\(parts)")
    }

    @Test(
        "what cannot be written is said before the work",
        arguments: ["--report", "--trace", "--replan"])
    func before(option: String) throws {
        let job = try TestJob.sums(layers: 3, items: 8)
        job.expectFailure(try job.run(["-q", option, job.folder.path]), "this is a folder; name a file in it")
        let below = "\(job.folder.path)/model.onnx/page"
        job.expectFailure(try job.run(["-q", option, below]), below, "Not a directory")
        job.expectFailure(try job.run(["-q", option, "/nonexistent/page"]), "/nonexistent/page", "cannot be written")
        job.expectFailure(try job.run(["-q", "--pictures", below]), "model.onnx", "Not a directory")
    }

    @Test("the other commands too") func otherCommands() throws {
        let job = try TestJob.sums(layers: 3, items: 8)
        for arguments in [
            ["plan", job.specification, "-o"], ["profile", job.specification, "-o"], ["calibrate", "--brief", "-o"],
            ["compare", job.specification, "-q", "--csv"], ["compare", job.specification, "-q", "--markdown"],
        ] {
            MPInfer.expectFailure(
                try MPInfer.run(arguments + [job.folder.path]), ["this is a folder; name a file in it"])
        }
        #expect(job.folder.names == ["job.yaml", "model.onnx", "x.npy"])
    }
}
