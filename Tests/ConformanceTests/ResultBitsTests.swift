import FoundationEssentials
import Kernels
import Tensors
import Testing

/// What every case of single operators gives, bit for bit, into a file that another run's is compared with: `make
/// emulated-avx512` compares the levels of instructions by it.
struct ResultBitsTests {
    private static let path = ProcessInfo.processInfo.environment["MPINFER_RESULT_BITS"]

    @Test(
        .enabled(if: path != nil, "MPINFER_RESULT_BITS names no file"),
        arguments: [[NodeCase.Suite.node, .operators, .contributed, .narrow, .learned, .extremes]])
    func write(_ suites: [NodeCase.Suite]) throws {
        let path = try #require(ResultBitsTests.path)
        var lines: [String] = []
        for suite in suites {
            try #require(!suite.names.isEmpty)
            for name in suite.names {
                let test = try suite.load(name)
                guard test.skip == nil || test.values != nil, let results = try? test.results() else { continue }
                lines.append("\(suite.rawValue)/\(name) \(results.map(ResultBitsTests.digest))\n")
            }
        }
        #expect(lines.count > 1500, "most cases are computed")
        print("\(InstructionSet.current): \(lines.count) cases into \(path)")
        try Data(lines.joined().utf8).write(to: URL(filePath: path))
    }

    /// FNV-1a of type and bytes; all NaN are one, since what they carry depends on the order of operands.
    private static func digest(_ value: StageValue) -> String {
        guard let tensor = value.tensor else { return "\(value)" }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        if tensor.dtype == .float32 {
            for number in tensor.elements(of: Float.self) {
                withUnsafeBytes(of: number.isNaN ? .nan : number) { $0.forEach(add) }
            }
        } else {
            tensor.withBytes { $0.forEach(add) }
        }
        return "\(tensor.type) \(String(hash, radix: 16))"
    }
}
