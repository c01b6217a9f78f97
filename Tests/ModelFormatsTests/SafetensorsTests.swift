import Graphs
import Tensors
import Testing

@testable import ModelFormats

@Suite struct SafetensorsTests {
    @Test func headerIsRead() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(TinySafetensors.good, "model.safetensors")
        let entries = try SafetensorsFile(path: path).entries
        #expect(entries.keys.sorted() == ["a", "b", "c"])
        #expect(entries["a"]?.type == TensorType(.float32, [2, 3]))
        #expect(entries["b"]?.type == TensorType(.int64, [1]))
        let start = TinySafetensors.good.count - 40
        #expect(entries["c"]?.region == FileRegion(path: path, offset: start + 32, byteCount: 8))
        #expect(try entries["c"]?.region.bytes() == Array(TinySafetensors.good.suffix(8)))
    }

    @Test("all dtypes") func dtypes() throws {
        let folder = try TemporaryFolder()
        let wanted: [(String, DType)] = [
            ("F64", .float64), ("F32", .float32), ("F16", .float16), ("BF16", .bfloat16), ("I64", .int64),
            ("I32", .int32), ("I16", .int16), ("I8", .int8), ("U8", .uint8), ("BOOL", .bool),
        ]
        var end = 0
        var members: [String] = []
        for (name, dtype) in wanted {
            members.append(TinySafetensors.tensor(name, name, [3], [end, end + 3 * dtype.byteCount]))
            end += 3 * dtype.byteCount
        }
        let bytes = TinySafetensors.file(header: "{\(members.joined(separator: ","))}  ", data: end)
        let entries = try SafetensorsFile(path: folder.write(bytes)).entries
        for (name, dtype) in wanted { #expect(entries[name]?.type == TensorType(dtype, [3])) }
    }

    /// A header that is false, and the words that the error must have.
    struct Lie: Sendable, CustomStringConvertible {
        let name: String
        let header: String
        let data: Int
        let words: [String]
        var description: String { name }
    }

    private static func lie(
        _ name: String, _ members: [String], data: Int = 24, _ words: String...
    ) -> Lie { Lie(name: name, header: "{\(members.joined(separator: ","))}", data: data, words: words) }

    private static let lies: [Lie] = {
        let tensor = TinySafetensors.tensor
        let a = tensor("a", "F32", [2, 3], [0, 24])
        return [
            Lie(name: "no JSON", header: "{\"a\":", data: 4, words: ["byte 8", "JSON"]),
            Lie(name: "an array", header: "[1]", data: 0, words: ["byte 8"]),
            Lie(name: "no UTF-8", header: "\u{0}\u{0}", data: 0, words: ["zero byte"]),
            lie("unknown dtype", [tensor("a", "F8_E4M3", [24], [0, 24])], "'a'", "F8_E4M3", "BF16"),
            lie("twice", [a, tensor("b", "U8", [1], [24, 25]), a], data: 25, "two tensors", "'a'", "byte 9"),
            lie("twice, escaped", [a, tensor("\\u0061", "F32", [2, 3], [0, 24])], "two tensors", "'a'"),
            lie("reversed", [tensor("a", "F32", [2, 3], [24, 0])], "'a'", "24", "ends at 0"),
            lie("before the data", [tensor("a", "F32", [2, 3], [-4, 20])], "'a'", "-4"),
            lie("past the end", [tensor("a", "F32", [2, 3], [4, 28])], "'a'", "28", "24 bytes"),
            lie("past all numbers", [tensor("a", "F32", [2, 3], [0, .max])], "'a'", "\(Int.max)"),
            lie("too few bytes", [tensor("a", "F32", [2, 3], [0, 20])], "'a'", "24", "20"),
            lie("one offset", [tensor("a", "F32", [2, 3], [24])], "'a'", "two numbers"),
            lie(
                "overlap", [a, tensor("b", "F32", [2], [20, 28])], data: 28, "'b'", "'a'", "byte"),
            lie("a hole", [a, tensor("b", "F32", [1], [28, 32])], data: 32, "'b'", "belong to none"),
            lie("a hole at the start", [tensor("b", "F32", [5], [4, 24])], "'b'", "belong to none"),
            lie("bytes behind", [a], data: 30, "the tensors end", "bytes"),
            lie("negative extent", [tensor("a", "F32", [-2, -3], [0, 24])], "'a'", "-2"),
            lie("overflowing extents", [tensor("a", "F32", [1 << 40, 1 << 40], [0, 24])], "'a'", "impossible"),
            lie(
                "an extent of many digits",
                [
                    "\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],"
                        + "\"data_offsets\":[0,24]}"
                ], "'a'", "1e+20"),
            lie("a broken extent", ["\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,24]}"], "'a'", "1.5"),
            lie("no shape", ["\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,24]}"], "a.shape", "missing"),
            lie("remarks that are none", [a, "\"__metadata__\":{\"x\":1}"], "__metadata__"),
        ]
    }()

    @Test("a header that lies is refused", arguments: lies) func refused(_ lie: Lie) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(TinySafetensors.file(header: lie.header, data: lie.data), "lie.safetensors")
        let error = #expect(throws: ModelError.self) { try SafetensorsFile(path: path) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix(path))
        for word in lie.words { #expect(text.contains(word), "must contain '\(word)': \(text)") }
    }

    @Test("lengths of headers") func lengths() throws {
        let folder = try TemporaryFolder()
        for (bytes, words) in [
            ([1, 2, 3], ["3 bytes"]), ([0xFF, 0, 0, 0, 0, 0, 0, 0, 0x7B], ["255 bytes", "1 left"]),
            ([UInt8](repeating: 0xFF, count: 20), ["18446744073709551615"]),
        ] as [([UInt8], [String])] {
            let path = try folder.write(bytes)
            let error = #expect(throws: ModelError.self) { try SafetensorsFile(path: path) }
            for word in words { #expect(error?.description.contains(word) == true, "\(String(describing: error))") }
        }
        #expect(throws: ModelError.self) { try SafetensorsFile(path: folder.path + "/absent") }
        #expect(throws: ModelError.self) { try SafetensorsFile(path: folder.path) }
    }

    @Test("every prefix is refused") func prefixes() throws {
        let folder = try TemporaryFolder()
        let bytes = TinySafetensors.good
        for count in 0..<bytes.count {
            let path = try folder.write(bytes[..<count])
            #expect(throws: ModelError.self, "\(count) bytes") { try SafetensorsFile(path: path) }
        }
    }

    @Test("2,000 damaged bytes") func flips() throws {
        let folder = try TemporaryFolder()
        let bytes = TinySafetensors.good
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var read = 0
        for _ in 0..<2000 {
            var damaged = bytes
            damaged[random(bytes.count - 40)] = UInt8(random(256))
            guard let file = try? SafetensorsFile(path: folder.write(damaged)) else { continue }
            read += 1
            // Whatever is accepted can be read to its last byte.
            for entry in file.entries.values { _ = try entry.region.bytes() }
            #expect(file.entries.values.reduce(0) { $0 + $1.type.byteCount } == 40)
        }
        #expect(read > 0 && read < 1000)
    }

    // MARK: Shards

    private func index(_ map: [(String, String)]) -> [UInt8] {
        let members = map.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",")
        return Array("{\"metadata\":{\"total_size\":40},\"weight_map\":{\(members)}}".utf8)
    }

    @Test func shards() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(TinySafetensors.good, "one.safetensors")
        let other = TinySafetensors.file(header: "{\(TinySafetensors.tensor("d", "F32", [1], [0, 4]))}", data: 4)
        _ = try folder.write(other, "two.safetensors")
        _ = try folder.write(
            index([("a", "one.safetensors"), ("d", "two.safetensors")]), "model.safetensors.index.json")
        let weights = try SafetensorsWeights(folder: folder.path)
        #expect(weights.names.sorted() == ["a", "d"])
        guard case .file(let region, let type) = try weights.constant("d", shape: [1]) else {
            Issue.record("a weight must stay in its file")
            return
        }
        #expect(region.path == "\(folder.path)/two.safetensors" && type == TensorType(.float32, [1]))
        #expect(throws: ModelError.self) { try weights.constant("a", shape: [3, 2]) }
        #expect(throws: ModelError.self) { try weights.constant("b", shape: [1]) }
    }

    @Test("an index that lies is refused") func badIndex() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(TinySafetensors.good, "one.safetensors")
        for (map, words) in [
            ([("a", "one.safetensors"), ("x", "three.safetensors")], ["three.safetensors", "not there"]),
            ([("a", "one.safetensors"), ("x", "one.safetensors")], ["'x'", "one.safetensors"]),
            ([("a", "../one.safetensors")], ["../one.safetensors"]),
            ([("a", "/etc/passwd")], ["/etc/passwd"]),
        ] as [([(String, String)], [String])] {
            _ = try folder.write(index(map), "model.safetensors.index.json")
            let error = #expect(throws: ModelError.self) { try SafetensorsWeights(folder: folder.path) }
            for word in words { #expect(error?.description.contains(word) == true, "\(String(describing: error))") }
        }
        _ = try folder.write(Array("{}".utf8), "model.safetensors.index.json")
        #expect(throws: ModelError.self) { try SafetensorsWeights(folder: folder.path) }
    }
}
