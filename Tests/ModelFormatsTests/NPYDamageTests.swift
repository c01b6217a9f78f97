import Foundation
import Tensors
import Testing

@testable import ModelFormats

/// Damaged files: an error or an array, never a crash.
@Suite struct NPYDamageTests {
    private func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }

    @Test(arguments: ["little-f4", "version-2", "scalar", "bool"]) func everyPrefixIsAnErrorThatNamesItsEnd(
        name: String
    ) throws {
        let bytes = try Data(contentsOf: URL(filePath: NPYTests.fixture(name)))
        let path = NPYTests.temporary("prefix.npy")
        defer { unlink(path) }
        for count in 0..<bytes.count {
            try write(bytes.prefix(count), to: path)
            #expect { try NPY.read(path) } throws: {
                ($0 as? FileError)?.path == path && ($0 as? FileError)?.offset == count
            }
        }
        try write(bytes + [0], to: path)
        #expect { try NPY.read(path) } throws: { "\($0)".contains("1 bytes follow") }
    }

    @Test(arguments: ["little-i2.npy", "big-f8.npy", "fortran.npy", "bool.npy", "stored.npz", "packed.npz"])
    func randomBytes(name: String) throws {
        let original = [UInt8](try Data(contentsOf: URL(filePath: "\(NPYTests.folder)/\(name)")))
        let path = NPYTests.temporary("flip-\(name)")
        defer { unlink(path) }
        var generator = Seeded(state: 1)
        for round in 0..<1000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            if round % 7 == 0 { bytes[8 % bytes.count] = UInt8(round % 16) }  // short headers, which are the nastiest
            try write(bytes, to: path)
            if name.hasSuffix("npz") {
                if let archive = try? NPZFile(path) {
                    for key in archive.keys { _ = try? archive.read(key) }
                }
            } else if let tensor = try? NPY.read(path) {
                #expect(tensor.byteCount < bytes.count)
            }
        }
    }

    @Test func everyPrefixOfAnArchive() throws {
        let bytes = try Data(contentsOf: URL(filePath: "\(NPYTests.folder)/stored.npz"))
        let path = NPYTests.temporary("prefix.npz")
        defer { unlink(path) }
        for count in 0..<bytes.count {
            try write(bytes.prefix(count), to: path)
            #expect(throws: FileError.self) { try NPZFile(path).read("first") }
        }
    }
}

/// splitmix64: the same numbers in every run, so that a failure can be repeated; others with MPINFER_FUZZ_SEED.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    init(state: UInt64) {
        self.state = state &+ (ProcessInfo.processInfo.environment["MPINFER_FUZZ_SEED"].flatMap(UInt64.init) ?? 0) << 20
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
