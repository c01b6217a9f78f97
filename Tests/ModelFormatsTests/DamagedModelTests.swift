import Graphs
import SwiftProtobuf
import Tensors
import Testing

@testable import ModelFormats

/// A damaged file gives an error or a graph, never a trap, and no allocation that the file's size does not justify.
@Suite struct DamagedModelTests {
    /// Imports, and tests further whatever came out; true where that was a graph.
    private func survive(_ path: String) -> Bool {
        guard let model = try? ONNXImporter.load(path: path, payloadLimit: 64) else { return false }
        var graphs = [model.graph]
        if let rewritten = try? Passes.standard(model.graph, evaluate: TestEvaluator.evaluate).graph {
            graphs.append(rewritten)
        }
        for graph in graphs {
            var symbols: [String: Int] = [:]
            for case .symbol(let symbol) in graph.inputs.flatMap(\.dimensions) { symbols[symbol] = 2 }
            guard let types = try? graph.inputTypes(symbols: symbols),
                let bound = try? BoundGraph(graph, inputTypes: types, evaluate: TestEvaluator.evaluate)
            else { continue }
            _ = bound.runtimeNodes.map(bound.cost)
            _ = FuseEpilogues.apply(graph, types: bound.types)
            for constant in graph.constants.values { _ = try? constant.load() }
        }
        return true
    }

    @Test("every prefix") func prefixes() throws {
        let folder = try TemporaryFolder()
        let bytes: [UInt8] = try TinyModel.classifier().serializedBytes()
        #expect(survive(try folder.write(bytes)))
        var imported = 0
        for count in 0..<bytes.count where survive(try folder.write(bytes[..<count])) { imported += 1 }
        // The graph is one field; of what is behind it only the operator set is needed.
        #expect(imported < 100)
    }

    @Test("2,000 damaged bytes") func flips() throws {
        let folder = try TemporaryFolder()
        let bytes: [UInt8] = try TinyModel.classifier().serializedBytes()
        var state: UInt64 = 42
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for round in 0..<2000 {
            var damaged = bytes
            for _ in 0..<(round % 4 == 3 ? 3 : 1) {
                damaged[random(bytes.count)] =
                    round % 2 == 0 ? UInt8(random(256)) : [0x00, 0x7F, 0x80, 0xFF][random(4)]
            }
            _ = survive(try folder.write(damaged))
        }
    }

    @Test("lengths past the file") func lengths() throws {
        let folder = try TemporaryFolder()
        // graph, then initializer, then raw_data, each said to be 2^60 bytes long.
        let huge: [UInt8] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]
        for prefix: [UInt8] in [[0x3A], [0x3A, 0x0B, 0x2A], [0x3A, 0x0D, 0x2A, 0x0B, 0x4A]] {
            let path = try folder.write(prefix + huge)
            let error = #expect(throws: ModelError.self) { try ONNXImporter.load(path: path) }
            #expect(error?.description.contains("cut off") == true)
        }
    }

    @Test("deep nesting") func nesting() throws {
        let folder = try TemporaryFolder()
        // Graphs in attributes of nodes of graphs.
        var bytes: [UInt8] = []
        for _ in 0..<2000 {
            for key: UInt8 in [0x32, 0x2A, 0x0A] {
                var length: [UInt8] = []
                var rest = bytes.count
                repeat {
                    length.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
                    rest >>= 7
                } while rest > 0
                bytes = [key] + length + bytes
            }
        }
        var length: [UInt8] = []
        var rest = bytes.count
        repeat {
            length.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        let path = try folder.write([0x3A] + length + bytes)
        let error = #expect(throws: ModelError.self) { try ONNXImporter.load(path: path) }
        #expect(error?.description.contains("nested") == true)
    }

    @Test("what is no file") func noFile() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path, "\(folder.path)/absent.onnx", "/dev/zero"] {
            let error = #expect(throws: ModelError.self) { try ONNXImporter.load(path: path) }
            #expect(error?.path == path)
        }
    }
}
