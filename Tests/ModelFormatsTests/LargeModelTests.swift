import Foundation
import Graphs
import SwiftProtobuf
import Tensors
import TestSupport
import Testing

@testable import ModelFormats

@Suite struct LargeModelTests {
    /// Resident memory of this process, in KB.
    private func resident() throws -> Int { try ProcessStatus.kilobytes("VmRSS") }

    @Test("a file of 600 MB is imported in a few MB") func memory() throws {
        let byteCount = 600 << 20
        // The weights come in the middle of the file, as a hole that takes no place on the disk.
        var tensor = TinyModel.tensor("w", [Int64(byteCount / 4)], [])
        tensor.clearRawData()
        let head: [UInt8] = try tensor.serializedBytes()
        let raw = TinyModel.delimited(9, byteCount)
        var rest = TinyModel.model(
            [TinyModel.node("Add", "add", ["x", "w"], ["y"])], inputs: [TinyModel.value("x", [1])],
            outputs: [TinyModel.value("y", [])])
        let graph: [UInt8] = try rest.graph.serializedBytes()
        rest.clearGraph()
        let tensorHeader = TinyModel.delimited(5, head.count + raw.count + byteCount) + head + raw
        let front: [UInt8] =
            try rest.serializedBytes() + TinyModel.delimited(7, graph.count + tensorHeader.count + byteCount)
            + tensorHeader

        let folder = try TemporaryFolder()
        let path = try folder.write(front)
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: UInt64(front.count + byteCount))
        try file.write(contentsOf: Data(graph))
        try file.close()

        let before = try resident()
        let model = try ONNXImporter.load(path: path)
        #expect(try resident() - before < 20_000)
        guard case .file(let region, _)? = model.graph.constants.values.first else {
            Issue.record("the weights are in memory")
            return
        }
        #expect(region == FileRegion(path: path, offset: front.count, byteCount: byteCount))
    }
}
