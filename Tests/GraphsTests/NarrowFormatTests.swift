import Graphs
import Testing

/// Numbers of few bits by what the ONNX standard says of their formats.
struct NarrowFormatTests {
    @Test func numbersThatTheStandardNames() {
        func number(_ format: NarrowFormat, _ code: UInt8) -> Float { format.number(code) }
        #expect([0x7E, 0xFE, 0x01, 0x08].map { number(.float8e4m3fn, $0) } == [448, -448, 0x1p-9, 0x1p-6])
        #expect([0x7F, 0xFF, 0x80, 0x01].map { number(.float8e4m3fnuz, $0) }[..<2] == [240, -240])
        #expect([0x7B, 0xFB, 0x7C, 0xFC].map { number(.float8e5m2, $0) } == [57_344, -57_344, .infinity, -.infinity])
        #expect([0x7F, 0x01].map { number(.float8e5m2fnuz, $0) } == [57_344, 0x1p-17])
        #expect([0, 127, 254].map { number(.float8e8m0, $0) } == [0x1p-127, 1, 0x1p127])
        #expect((0..<16).map { number(.int4, $0) } == (0..<8).map { Float($0) } + (-8..<0).map { Float($0) })
        #expect((0..<4).map { number(.int2, $0) } == [0, 1, -2, -1])
        for (format, code) in [
            (NarrowFormat.float8e4m3fn, UInt8(0x7F)), (.float8e4m3fn, 0xFF), (.float8e4m3fnuz, 0x80),
            (.float8e5m2, 0x7D), (.float8e5m2, 0xFF), (.float8e5m2fnuz, 0x80), (.float8e8m0, 255),
        ] { #expect(number(format, code).isNaN, "\(format) \(code)") }
    }

    /// Every number of a format is nearest to itself, and what lies past the largest goes where the standard's table says.
    @Test(arguments: NarrowFormat.allCases.filter(\.canBeRoundedTo)) func rounding(format: NarrowFormat) {
        let numbers = (0..<1 << format.bits).map { format.number(UInt8($0)) }
        for number in numbers where number.isFinite {
            #expect(format.rounded(number, saturates: false) == number)
        }
        let largest = numbers.filter(\.isFinite).max()!
        #expect(format.rounded(1e9, saturates: true) == largest)
        #expect(format.rounded(.infinity, saturates: true) == largest)
        guard !format.isInteger else { return }
        #expect(format.rounded(-.infinity, saturates: true) == -largest)
        #expect(format.rounded(.nan, saturates: true).isNaN)
        let beyond = format.rounded(-1e9, saturates: false)
        #expect(format == .float8e5m2 ? beyond == -.infinity : beyond.isNaN)
    }
}
