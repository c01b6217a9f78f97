import FoundationEssentials
import TestSupport
import Testing

/// The shipped chain of four models, as a newcomer runs it, in a copy of jobs/.
@Suite struct InpaintingTests {
    @Test("the picture that ONNX Runtime makes, and the same PNG files on any number of ranks")
    func anyNumberOfRanks() throws {
        let folder = try ScratchFolder()
        try folder.copy("\(Material.packageFolder)/jobs", to: "jobs")
        // What ONNX Runtime computes when it runs one model after the other: written by jobs/inpainting/train.py.
        let expected = try NumPyArray(path: "\(folder.path)/jobs/inpainting/restored.npy")
        var first: [String: [UInt8]] = [:]
        for ranks in [1, 2, 4, 8] {
            let run = try MPInfer.run(["run", "jobs/inpainting.yaml", "-q"], ranks: ranks, directory: folder.path)
            try MPInfer.expectSuccess(run)
            let result = try NumPyArray(path: "\(folder.path)/results/inpainting/restored.npy")
            #expect(result.shape == expected.shape)
            let worst = zip(result.values, expected.values).reduce(0.0) { worst, pair in
                let difference = abs(pair.0 - pair.1)
                return difference.isNaN ? .infinity : max(worst, difference)
            }
            #expect(worst <= 1e-4, "on \(ranks) ranks off by \(worst)")
            var files: [String: [UInt8]] = [:]
            for name in folder.names(in: "results") where name.contains(".") {
                files[name] = try folder.bytes("results/\(name)")
            }
            #expect(files.keys.count { $0.hasSuffix(".png") } == expected.shape[0])
            if ranks == 1 { first = files } else { #expect(files == first, "other files on \(ranks) ranks") }
            try FileManager.default.removeItem(atPath: "\(folder.path)/results")
        }
    }

    @Test("the plan does not stop at the files' borders") func cutsInsideModels() throws {
        let job = "\(Material.packageFolder)/jobs/inpainting.yaml"
        let plan = try MPInfer.run(["plan", job, "--ranks", "8"])
        #expect(plan.succeeded && plan.stdout.contains("8 stages"), "\(plan)")
        let inspected = try MPInfer.run(["inspect", job])
        for text in ["encoder.onnx", "predictor.onnx", "generator.onnx", "decoder.onnx", "features", "distribution"] {
            #expect(inspected.succeeded && inspected.stdout.contains(text), "\(inspected)")
        }
    }
}
