import Foundation
import Tensors
import Testing

@testable import ModelFormats

/// Against files that NumPy wrote (NPYFixtures/generate.py).
@Suite struct NPYTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "NPYFixtures").path()

    static func fixture(_ name: String) -> String { "\(folder)/\(name).npy" }

    static func temporary(_ name: String) -> String {
        NSTemporaryDirectory() + "mpinfer-npy-\(UUID().uuidString)-\(name)"
    }

    private func check<Element: TensorElement & Equatable & ExpressibleByIntegerLiteral>(
        _ code: String, _ type: Element.Type
    ) throws {
        for order in Element.dtype.byteCount == 1 ? ["little"] : ["little", "big"] {
            let tensor = try NPY.read(Self.fixture("\(order)-\(code)"))
            #expect(tensor.shape == [2, 3])
            #expect(tensor.elements(of: type) == [0, 1, 2, 3, 100, 7], "\(order)-\(code)")
        }
    }

    @Test func everyElementTypeInBothByteOrders() throws {
        try check("f4", Float.self)
        try check("f8", Double.self)
        try check("i1", Int8.self)
        try check("i2", Int16.self)
        try check("i4", Int32.self)
        try check("i8", Int64.self)
        try check("u1", UInt8.self)
        try check("u2", UInt16.self)
        try check("u4", UInt32.self)
        try check("u8", UInt64.self)
        #expect(try NPY.read(Self.fixture("bool")).elements(of: Bool.self) == [false, false, false, true, true, true])
        let halves = try NPY.read(Self.fixture("big-f2"))
        #expect(halves.dtype == .float16)
        #expect(
            halves.withBytes { Array($0.bindMemory(to: UInt16.self)) } == [0, 0x3C00, 0x4000, 0x4200, 0x5640, 0x4700])
    }

    @Test(arguments: ["version-2", "version-3"]) func laterVersions(name: String) throws {
        #expect(try NPY.read(Self.fixture(name)).elements(of: Float.self) == [0, 1, 2, 3, 100, 7])
    }

    @Test func shapes() throws {
        #expect(try NPY.read(Self.fixture("scalar")).shape == [])
        #expect(try NPY.read(Self.fixture("empty")).shape == [0, 3])
        #expect(try NPY.read(Self.fixture("vector")).elements(of: Int64.self) == [0, 1, 2, 3, 4])
    }

    @Test func fortranOrderIsTransposedWholeAndRefusedInRanges() throws {
        let whole = try NPY.read(Self.fixture("fortran"))
        #expect(whole.shape == [2, 3, 4])
        #expect(whole.elements(of: Int32.self) == (0..<24).map(Int32.init))
        let file = try NPYFile(Self.fixture("fortran"))
        #expect(throws: FileError.self) {
            try file.read(items: 0..<1, into: Tensor(zeros: .int32, shape: [1, 3, 4]))
        }
    }

    @Test func rangesOfTheFirstAxis() throws {
        for name in ["little-i4", "big-i4"] {
            let file = try NPYFile(Self.fixture(name))
            let tensor = Tensor(zeros: .int32, shape: [1, 3])
            try file.read(items: 1..<2, into: tensor)
            #expect(tensor.elements(of: Int32.self) == [3, 100, 7])
        }
    }

    @Test func recordsAreRefusedByNameAndByte() {
        #expect { try NPY.read(Self.fixture("records")) } throws: {
            "\($0)".contains("records.npy, byte 20") && "\($0)".contains("records and of objects")
        }
        #expect { try NPY.read(Self.fixture("absent")) } throws: { "\($0)".contains("No such file") }
    }

    @Test func archives() throws {
        let stored = try NPZFile("\(Self.folder)/stored.npz")
        #expect(stored.keys == ["first", "second"])
        #expect(try stored.read("first").elements(of: Float.self) == [0, 1, 2, 3, 100, 7])
        #expect(try stored.read("second").elements(of: Int16.self) == [0, 1, 2])
        #expect { try stored.read() } throws: { "\($0)".contains("it holds first, second") }
        #expect { try stored.read("third") } throws: { "\($0)".contains("no array 'third'") }
        let packed = try NPZFile("\(Self.folder)/packed.npz").read()
        #expect(packed.shape == [40, 50])
        #expect(packed.elements(of: Float.self).allSatisfy { $0 == 0 })
    }

    @Test(arguments: DType.allCases) func writtenIsRead(dtype: DType) throws {
        for shape: Shape in [[], [3], [2, 3], [0, 2], [1, 2, 3, 4, 5]] {
            let path = Self.temporary("\(dtype).npy")
            defer { unlink(path) }
            let tensor = Tensor(zeros: dtype, shape: shape)
            tensor.withMutableBytes { bytes in
                for index in bytes.indices { bytes[index] = dtype == .bool ? UInt8(index % 2) : UInt8(index % 251) }
            }
            try NPY.write(tensor, to: path)
            #expect(NPY.encodedHeader(tensor.type).count % 64 == 0)
            let read = try NPY.read(path)
            #expect(read.type == tensor.type)
            #expect(read.withBytes { Array($0) } == tensor.withBytes { Array($0) })
        }
    }

    @Test func writtenIsWhatNumPyWrites() throws {
        for name in ["little-f4", "little-u1", "bool", "scalar", "empty", "vector", "little-f2"] {
            let path = Self.temporary("same.npy")
            defer { unlink(path) }
            try NPY.write(NPY.read(Self.fixture(name)), to: path)
            #expect(
                try Data(contentsOf: URL(filePath: path)) == Data(contentsOf: URL(filePath: Self.fixture(name))),
                "\(name)")
        }
    }
}
