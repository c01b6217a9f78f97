import Foundation
import Testing

@testable import Jobs

@Suite struct JobSpecificationTests {
    static let full = """
        version: 1
        model: digits-cnn.onnx
        dimensions: {height: 640}
        inputs:
          image:
            images: [images/*.png, "/data/7.jpg"]
            resize: {width: 8, height: 9, fit: contain, interpolation: nearest, fill: 128}
            crop: {width: 7, height: 8}
            channels: bgr
            layout: NHWC
            scale: 0.00392156862745098
            mean: [0.485, 0.456, 0.406]
            deviation: 0.25
            on-error: skip
          tokens: {array: tokens.npz, key: a}
        classes: names.txt
        labels: {file: labels.csv, column: answer, output: y}
        outputs:
          folder: results/quickstart
          formats: [npy, jsonl]
          top: 5
          named: {x: {formats: []}, z: {top: 2}}
        parallelism: {pipeline: 3, strategy: manual, cuts: [conv2, fc]}
        schedule: {microbatch: 4}
        threads: 2
        precision: float32

        """

    @Test func everyKey() throws {
        let job = try JobSpecification.parse(Self.full, path: "jobs/a.yaml", folder: "jobs")
        #expect(job.model == "jobs/digits-cnn.onnx")
        #expect(job.dimensions == ["height": 640])
        #expect(
            job.inputs["image"]
                == .images(
                    .init(
                        images: ["jobs/images/*.png", "/data/7.jpg"],
                        resize: .init(width: 8, height: 9, fit: .contain, interpolation: .nearest, fill: 128),
                        crop: .init(width: 7, height: 8), channels: .bgr, layout: .nhwc, scale: 0.00392156862745098,
                        mean: [0.485, 0.456, 0.406], deviation: [0.25], onError: .skip)))
        #expect(job.inputs["tokens"] == .array(.init(array: "jobs/tokens.npz", key: "a")))
        #expect(job.labels == .init(file: "jobs/labels.csv", column: "answer", output: "y"))
        let outputs = try #require(job.outputs)
        #expect(outputs.formats(for: "x") == [] && outputs.formats(for: "y") == [.npy, .jsonl])
        #expect(outputs.top(for: "z") == 2 && outputs.top(for: "y") == 5)
        #expect(job.parallelism == .init(pipeline: .exactly(3), strategy: .manual, cuts: ["conv2", "fc"]))
        #expect(job.schedule.microbatch.exact == 4 && job.threads == .exactly(2) && job.classes == "jobs/names.txt")
        #expect(try JSONDecoder().decode(JobSpecification.self, from: JSONEncoder().encode(job)) == job)
    }

    @Test func whatIsLeftOut() throws {
        let job = try JobSpecification.parse("{version: 1, model: m, input: {images: a}}", path: "a.yaml")
        #expect(job == JobSpecification(model: "m", input: .images(.init(images: ["a"]))))
        #expect(job.threads == .automatic && job.outputs == nil && job.schedule.microbatch.exact == 1)
    }

    @Test func anchorsAndMerges() throws {
        let job = try JobSpecification.parse(
            """
            version: 1
            model: m
            inputs:
              a: &one {images: x, scale: 2, crop: {width: 1, height: 2}}
              b: *one
              c: {<<: *one, scale: 3}
            """, path: "a.yaml")
        #expect(job.inputs["a"] == job.inputs["b"])
        guard case .images(let c) = job.inputs["c"] else { throw CancellationError() }
        #expect(c.scale == 3 && c.crop == .init(width: 1, height: 2))
    }

    @Test func textByTheCoreSchemaOfYAML12() throws {
        let job = try JobSpecification.parse(
            "{version: 1, model: no, input: {images: !!str 12, mean: [0x10, 1e-3, .5]}}", path: "a.yaml")
        #expect(job.model == "no")
        #expect(job.input == .images(.init(images: ["12"], mean: [16, 0.001, 0.5])))
    }

    @Test func filesAreReadFromTheirFolder() throws {
        let folder = NSTemporaryDirectory() + "mpinfer-spec-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/job.yaml"
        try Data(Self.full.utf8).write(to: URL(filePath: path))
        #expect(try JobSpecification.load(path: path).model == "\(folder)/digits-cnn.onnx")
        try (Data("version: 1\nmodel: ".utf8) + [0xFF, 0x41]).write(to: URL(filePath: path))
        #expect { try JobSpecification.load(path: path) } throws: {
            "\($0)".hasPrefix("\(path): byte 18: not UTF-8 text (line 2, byte 8 of it); ")
        }
        #expect { try JobSpecification.load(path: folder) } throws: { "\($0)".contains("not a regular file") }
        #expect { try JobSpecification.load(path: folder + "/b") } throws: { "\($0)".contains("No such file") }
    }
}
