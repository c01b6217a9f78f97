import ModelFormats
import Tensors
import Testing

@testable import Jobs

/// Against Pillow's `exif_transpose` (Fixtures/generate.py).
@Suite struct ImageOrientationTests {
    @Test(arguments: 1...8) func upright(orientation: Int) throws {
        let name = "oriented-\(orientation).jpg"
        let image = try PixelImage(path: "\(ImageDecodingTests.folder)/\(name)")
        let expected = try NPZFile("\(ImageDecodingTests.folder)/oriented.npz").read(name)
        #expect(image.orientation.rawValue == orientation)
        #expect(expected.shape == [image.height, image.width, 3])
        #expect(image.pixels == expected.elements(of: UInt8.self))
    }

    /// A JPEG file's beginning with one APP1 segment.
    private func file(_ tiff: [UInt8]) -> [UInt8] {
        let content: [UInt8] = Array("Exif\0\0".utf8) + tiff
        let length = content.count + 2
        var bytes: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)]
        bytes += content
        bytes += [0xFF, 0xDA]
        return bytes
    }

    @Test func bothByteOrders() {
        // "II" or "MM", 42, where the directory is, how many entries it has; the entry; where the next directory is.
        let little: [UInt8] = [
            0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0,
            0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0,
            0, 0, 0, 0,
        ]
        let big: [UInt8] = [
            0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1,
            0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0,
            0, 0, 0, 0,
        ]
        #expect(ImageOrientation(jpeg: file(little)) == .turnedRight)
        #expect(ImageOrientation(jpeg: file(big)) == .turnedRight)
        // Another segment before it, and fill bytes before a marker.
        var later: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF]
        later += file(big).dropFirst(2)
        #expect(ImageOrientation(jpeg: later) == .turnedRight)
        for value: UInt8 in [0, 9, 255] {
            var wrong = little
            wrong[18] = value
            #expect(ImageOrientation(jpeg: file(wrong)) == .upright)
        }
    }

    /// Whatever the bytes are, nothing outside of them is read: each cut, and each byte damaged.
    @Test func damage() throws {
        let whole = try ImageDecodingTests.bytes("oriented-6.jpg")
        let header = Array(whole.prefix(120))
        var outcomes: Set<Int> = []
        for count in 0...header.count { outcomes.insert(ImageOrientation(jpeg: Array(header.prefix(count))).rawValue) }
        for place in header.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFE, 0xFF] {
                var damaged = header
                damaged[place] = value
                outcomes.insert(ImageOrientation(jpeg: damaged).rawValue)
            }
        }
        #expect(outcomes.isSuperset(of: [1, 6]) && outcomes.isSubset(of: Set(1...8)))
    }
}
