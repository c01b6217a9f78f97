import Foundation
import Graphs
import SwiftProtobuf
import Tensors
import TestSupport
import Testing

@testable import ModelFormats

/// What a model file asks for is bounded by the file, before memory or time is spent on it.
@Suite struct BoundedImportTests {
    /// The most that this process has had in memory, in KB.
    private func peak() throws -> Int { try ProcessStatus.kilobytes("VmHWM") }

    /// A file that begins with these bytes followed by zeros that take no place on the disk.
    private func sparse(_ front: [UInt8], zeros: Int, in folder: TemporaryFolder) throws -> String {
        let path = try folder.write(front)
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.truncate(atOffset: UInt64(front.count + zeros))
        try file.close()
        return path
    }

    /// Fields of 3 GB, each where no such thing belongs: a node's name, a list of integers of an attribute, a tensor's
    /// extents, the type of an input, elements of 1 byte each.
    @Test(
        arguments: [
            ([7, 1, 3], "no tensor"), ([7, 1, 5, 8], "no tensor"), ([7, 5, 1], "no tensor"), ([7, 11], "no tensor"),
            ([7, 5, 7], "takes 4 bytes"), ([7, 5, 5], "takes 4 bytes"), ([7, 5, 9], "takes 4 bytes"),
            ([7, 5, 4], "takes 4 bytes"),
        ] as [([UInt8], String)])
    func hugeFields(_ fields: [UInt8], _ reason: String) throws {
        let folder = try TemporaryFolder()
        let zeros = 3 << 30
        var front: [UInt8] = []
        for (depth, field) in fields.enumerated().reversed() {
            front = TinyModel.delimited(field, front.count + zeros) + front
            // An initializer has a name, and elements of float32.
            if depth == 2, fields[1] == 5 { front = [0x42, 0x01, 0x77, 0x10, 0x01] + front }
        }
        // A version of the format and of the operator set, so that all else is looked at.
        let versions: [UInt8] = [0x08, 0x0A, 0x42, 0x02, 0x10, 0x11]
        let path = try sparse(versions + front, zeros: zeros, in: folder)
        let before = try peak()
        let error = #expect(throws: ModelError.self) { try ONNXImporter.load(path: path) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "none")")
        #expect(try peak() - before < 50_000)
    }

    @Test func aMillionEmptyNodesAreRefused() throws {
        let folder = try TemporaryFolder()
        let nodes = [[UInt8]](repeating: [0x0A, 0x00], count: 1 << 20 + 1).flatMap(\.self)
        let error = #expect(throws: ModelError.self) {
            try ONNXImporter.load(path: try folder.write(TinyModel.delimited(7, nodes.count) + nodes))
        }
        #expect(error?.description.contains("nodes; split the model") == true)
    }

    /// Elements in the fields of numbers of a variable number of bytes, more of them than a skeleton keeps.
    @Test func largeTypedElementsAreRead() throws {
        let folder = try TemporaryFolder()
        var integers = TinyModel.integers("w", (0..<4000).map { Int64($0 * $0 * $0 - 5_000_000) })
        integers.dims = [4000]
        var halves = Onnx_TensorProto()
        halves.name = "h"
        halves.dims = [3000]
        halves.dataType = 10
        halves.int32Data = (0..<3000).map { Int32($0 * 7 & 0x7BFF) }
        var model = TinyModel.model(
            [
                TinyModel.node("Add", "a", ["x", "w"], ["y"]), TinyModel.node("Abs", "b", ["h"], ["z"]),
            ], initializers: [integers, halves], inputs: [TinyModel.value("x", [4000], type: 7)],
            outputs: [TinyModel.value("y", [], type: 7), TinyModel.value("z", [], type: 10)])
        func constants() throws -> [Tensor] {
            let path = try folder.write(try model.serializedBytes() as [UInt8])
            let graph = try ONNXImporter.load(path: path, payloadLimit: 64).graph
            return try graph.constants.keys.sorted().map { try graph.constants[$0]!.load() }
        }
        let found = try constants()
        #expect(found[0].elements(of: Int64.self) == integers.int64Data)
        #expect(found[1].withBytes { Array($0.bindMemory(to: UInt16.self)) } == halves.int32Data.map { UInt16($0) })
        // One too many, and one too few.
        for count: Int64 in [3999, 4001] {
            model.graph.initializer[0].dims = [count]
            #expect(throws: ModelError.self) { try constants() }
        }
    }

    // MARK: Functions

    private func function(_ name: String, _ nodes: [Onnx_NodeProto]) -> Onnx_FunctionProto {
        var function = Onnx_FunctionProto()
        (function.name, function.domain, function.input, function.output) = (name, "own", ["a"], ["b"])
        function.node = nodes
        return function
    }

    private func call(_ name: String, _ label: String, _ input: String, _ output: String) -> Onnx_NodeProto {
        var node = TinyModel.node(name, label, [input], [output])
        node.domain = "own"
        return node
    }

    /// An If whose branches both hold a node.
    private func branches(_ inner: (String) -> Onnx_NodeProto) -> Onnx_NodeProto {
        var node = TinyModel.node("If", "if", ["flag"], ["b"])
        for name in ["then_branch", "else_branch"] {
            var attribute = Onnx_AttributeProto()
            (attribute.name, attribute.type) = (name, .graph)
            attribute.g.node = [inner("r")]
            attribute.g.output = [TinyModel.value("r", [])]
            node.attribute.append(attribute)
        }
        return node
    }

    private func message(_ functions: [Onnx_FunctionProto]) throws -> String {
        let folder = try TemporaryFolder()
        var model = TinyModel.model(
            [call(functions[0].name, "one", "x", "y")], inputs: [TinyModel.value("x", [2])],
            outputs: [TinyModel.value("y", [])])
        model.functions = functions
        let path = try folder.write(try model.serializedBytes() as [UInt8])
        do {
            _ = try ONNXImporter.load(path: path)
            return "imported"
        } catch { return error.description }
    }

    /// Each calls the next twice, with a node of its own, with none at the end, from the branches of an If.
    @Test func callsThatGrowExponentially() throws {
        let levels = 30
        func nested(last: [Onnx_NodeProto], _ calls: (String) -> [Onnx_NodeProto]) -> [Onnx_FunctionProto] {
            (0..<levels).map { function("f\($0)", $0 == levels - 1 ? last : calls("f\($0 + 1)")) }
        }
        let twice = { (name: String) in [self.call(name, "u", "a", "m"), self.call(name, "v", "m", "b")] }
        var empty = nested(last: [], twice)
        empty[levels - 1].output = ["a"]
        for functions in [nested(last: [TinyModel.node("Relu", "r", ["a"], ["b"])], twice), empty] {
            #expect(try message(functions).contains("its functions come to more than"))
        }
        let inBodies = nested(last: [TinyModel.node("Relu", "r", ["a"], ["b"])]) { name in
            [TinyModel.node("Cast", "c", ["a"], ["flag"], int: ["to": 9]), branches { call(name, "u", "a", $0) }]
        }
        #expect(try message(inBodies).contains("its functions come to more than"))
    }

    @Test func callsFromBodies() throws {
        let circle = function(
            "f0",
            [TinyModel.node("Cast", "c", ["a"], ["flag"], int: ["to": 9]), branches { call("f0", "u", "a", $0) }])
        #expect(try message([circle]).contains("a function calls itself: 'f0' calls 'f0'"))
        // Deeper than any stack.
        let deep = (0..<5000).map { level in
            function(
                "f\(level)",
                level == 4999
                    ? [TinyModel.node("Relu", "r", ["a"], ["b"])]
                    : [
                        TinyModel.node("Cast", "c", ["a"], ["flag"], int: ["to": 9]),
                        branches { call("f\(level + 1)", "u", "a", $0) },
                    ])
        }
        #expect(try message(deep).contains("bodies nested too deeply"))
        let chain = (0..<2000).map { level in
            function(
                "f\(level)",
                level == 1999 ? [TinyModel.node("Relu", "r", ["a"], ["b"])] : [call("f\(level + 1)", "u", "a", "b")])
        }
        #expect(try message(chain) == "imported")
    }
}

/// Graphs of many nodes in shapes that a step per pair of nodes, or a name tried from the start for each, would show: a
/// suite of its own so that its time is seen.
@Suite struct LargeGraphTests {
    private func imported(_ nodes: [Onnx_NodeProto], outputs: [Onnx_ValueInfoProto]) throws -> Graph {
        let folder = try TemporaryFolder()
        let model = TinyModel.model(nodes, inputs: [TinyModel.value("x", [4])], outputs: outputs)
        return try Passes.standard(
            try ONNXImporter.load(path: try folder.write(try model.serializedBytes() as [UInt8])).graph,
            evaluate: TestEvaluator.evaluate
        ).graph
    }

    private let count = 20_000

    @Test func aChainOfOneName() throws {
        let nodes = (0..<count).map {
            TinyModel.node("Sinh", "same", [$0 == 0 ? "x" : "v\($0)"], [$0 == count - 1 ? "y" : "v\($0 + 1)"])
        }
        let graph = try imported(nodes, outputs: [TinyModel.value("y", [])])
        #expect(graph.nodes.count == count)
        #expect(Set(graph.nodes.map(\.name)).count == count)
        #expect(graph.nodes[1].name == "same.2")
    }

    @Test func asManyOutputsAsNodes() throws {
        let nodes = (0..<count).map { TinyModel.node("Sinh", "n\($0)", ["x"], ["y\($0)"]) }
        let graph = try imported(nodes, outputs: (0..<count).map { TinyModel.value("y\($0)", []) })
        #expect(graph.outputs.count == count)
    }

    @Test func oneNodeOfManyOperands() throws {
        var nodes = (0..<count).map { TinyModel.node("Sinh", "n\($0)", ["x"], ["v\($0)"]) }
        nodes.append(TinyModel.node("Sum", "sum", (0..<count).map { "v\($0)" }, ["y"]))
        #expect(try imported(nodes, outputs: [TinyModel.value("y", [])]).nodes.count > count)
    }
}
