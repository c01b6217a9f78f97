import Foundation
import ModelFormats
import Tensors
import Testing

@testable import Jobs

/// Against Pillow (Fixtures/generate.py).
@Suite struct ImageDecodingTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path()

    static func expected(_ key: String) throws -> Tensor { try NPZFile("\(folder)/expected.npz").read(key) }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
    }

    @Test(arguments: [
        "rgb.png", "gray.png", "alpha.png", "gray-alpha.png", "palette.png", "palette-transparent.png", "bits.png",
        "gamma.png", "rgb16.png", "gray16.png", "rgb.jpg", "full.jpg", "gray.jpg", "progressive.jpg",
    ])
    func samePixels(name: String) throws {
        let image = try PixelImage(path: "\(Self.folder)/\(name)")
        #expect(image.width == 12 && image.height == 10)
        #expect(image.pixels == (try Self.expected(name).elements(of: UInt8.self)))
    }

    @Test func luma() throws {
        let raster = Raster(try PixelImage(path: "\(Self.folder)/rgb.png"), isGray: true)
        #expect(raster.values == (try Self.expected("luma").elements(of: UInt8.self).map(Float.init)))
    }

    @Test func whatIsNoImage() {
        #expect { try PixelImage(path: "\(Self.folder)/cmyk.jpg") } throws: { "\($0)".contains("CMYK") }
        #expect { try PixelImage(path: "\(Self.folder)/generate.py") } throws: {
            "\($0)".contains("neither PNG nor JPEG")
        }
        #expect { try PixelImage(bytes: [], path: "x") } throws: { "\($0)" == "x: the file is empty" }
        #expect { try PixelImage(path: "\(Self.folder)/none.png") } throws: { "\($0)".contains("No such file") }
    }

    @Test func aBombIsRefusedByItsSize() throws {
        var bytes = try Self.bytes("rgb.png")
        bytes.replaceSubrange(16..<24, with: [0, 0, 0xC0, 0, 0, 0, 0xC0, 0])
        #expect { try PixelImage(bytes: bytes, path: "b.png") } throws: {
            "\($0)".contains("b.png: 49152 x 49152 pixels; at most")
        }
        bytes = try Self.bytes("full.jpg")
        let header = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes.replaceSubrange(header + 5..<header + 9, with: [0xFF, 0, 0xFF, 0])
        #expect { try PixelImage(bytes: bytes, path: "b.jpg") } throws: {
            "\($0)".contains("65280 x 65280 pixels; at most")
        }
    }

    @Test(arguments: ["rgb.png", "palette-transparent.png", "gray16.png", "rgb.jpg", "progressive.jpg"])
    func everyPrefixIsAnError(name: String) throws {
        let bytes = try Self.bytes(name)
        // A JPEG is complete once its last block is; the two bytes of its end mark say nothing.
        for count in 0..<bytes.count - (name.hasSuffix("jpg") ? 3 : 0) {
            #expect(throws: FileError.self, "\(count) bytes") {
                try PixelImage(bytes: Array(bytes[..<count]), path: name)
            }
        }
    }

    @Test(arguments: ["rgb.png", "alpha.png", "palette.png", "rgb16.png", "rgb.jpg", "progressive.jpg", "gray.jpg"])
    func randomBytes(name: String) throws {
        var generator = Seeded(state: 3)
        let original = try Self.bytes(name)
        for _ in 0..<1000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            if let image = try? PixelImage(bytes: bytes, path: name) {
                #expect(image.pixels.count == image.width * image.height * 3)
            }
        }
    }
}
