import ModelFormats
import Tensors
import Testing

@testable import Jobs

@Suite struct InputSetTests {
    let folder: TemporaryFolder
    static let image = ModelInput(name: "image", dtype: .float32, itemDimensions: [3, nil, nil])

    init() throws {
        folder = try TemporaryFolder()
        for name in ["b/2.png", "b/10.png", "a/1.PNG"] {
            try folder.write(ImageDecodingTests.bytes("rgb.png"), to: name)
        }
        try folder.write("no image", to: "b/3.png")
        try folder.write(ImageDecodingTests.bytes("rgb.jpg"), to: "b/4.jpeg")
        try folder.write("text", to: "b/notes.txt")
    }

    private func open(_ input: String, _ model: [ModelInput] = [image]) throws -> InputSet {
        try InputSet(
            JobSpecification.parse("version: 1\nmodel: m\n\(input)", path: "a.yaml", folder: folder.path), model: model)
    }

    private func failure(_ input: String, _ model: [ModelInput] = [image]) -> String {
        do {
            return "opened \(try open(input, model).itemNames)"
        } catch {
            return "\(error)".replacing(folder.path, with: "F")
        }
    }

    @Test func foldersGlobsAndLists() throws {
        let skipping = try open("input: {images: b, on-error: skip}")
        #expect(skipping.itemNames == .files(["10.png", "2.png", "4.jpeg"]))
        #expect(skipping.warnings.count == 1 && skipping.warnings[0].contains("b/3.png, byte 0: neither PNG nor JPEG"))
        #expect(try open("input: {images: '*/1*.[pP]*'}").itemNames == .files(["a/1.PNG", "b/10.png"]))
        #expect(try open("input: {images: [b/4.jpeg, a]}").itemNames == .files(["b/4.jpeg", "a/1.PNG"]))
    }

    @Test func imagesAreReadByRange() throws {
        let set = try open("input: {images: b, on-error: skip, crop: {width: 4, height: 2}}")
        let source = set.sources[0].source
        #expect(source.dtype == .float32 && source.itemShape(0) == [3, 2, 4])
        let all = Tensor(zeros: .float32, shape: [3, 3, 2, 4])
        try source.read(items: 0..<3, into: all)
        let last = Tensor(zeros: .float32, shape: [2, 3, 2, 4])
        try source.read(items: 1..<3, into: last)
        #expect(all.slice(1..<3).elements(of: Float.self) == last.elements(of: Float.self))
        #expect(all.slice(0..<1).elements(of: Float.self) == all.slice(1..<2).elements(of: Float.self))
        #expect(all.slice(0..<1).elements(of: Float.self) != all.slice(2..<3).elements(of: Float.self))
    }

    @Test func badImagesAreNamed() throws {
        #expect(
            failure("input: {images: b}")
                == "input 'image': 1 image does not decode: F/b/3.png, byte 0: neither PNG nor JPEG, by its first bytes; leave them out with on-error: skip"
        )
        #expect(
            failure("input: {images: b/3.png, on-error: skip}").hasPrefix(
                "input 'image': no image is left: 1 image does"))
        #expect(
            failure("input: {images: c}").hasPrefix("F/c: no such file, and nothing matches it as a pattern; check"))
        #expect(failure("input: {images: [a, a/1.PNG]}") == "F/a/1.PNG: this image is meant by two entries of 'images'")
        let model = ModelInput(name: "image", dtype: .float32, itemDimensions: [3, 8, nil])
        #expect(
            failure("input: {images: a}", [model])
                == "input 'image': 1.PNG is 3x10x12, the model takes 3x8x?; see resize, crop, channels and layout")
        let wide = PNG.encode(width: 3, height: 2)
        try folder.write(wide, to: "a/9.png")
        // Where the model leaves the size open, images of several sizes are accepted.
        let several = try open("input: {images: a}").sources[0].source
        #expect((0..<2).map(several.itemShape) == [[3, 10, 12], [3, 2, 3]])
        let fixed = ModelInput(name: "image", dtype: .float32, itemDimensions: [3, 10, 12])
        #expect(failure("input: {images: a}", [fixed]).contains("9.png is 3x2x3, the model takes 3x10x12; see resize"))
        #expect(
            failure("input: {images: a, crop: {width: 9, height: 9}}")
                == "input 'image': F/a/9.png: 3 x 2 pixels, less than the crop of 9 x 9")
    }

    @Test func arrays() throws {
        let values = Tensor((0..<12).map(Float.init), shape: [4, 3])
        try NPY.write(values, to: "\(folder.path)/a.npy")
        let model = [ModelInput(name: "x", dtype: .float32, itemDimensions: [3])]
        let set = try open("input: {array: a.npy}", model)
        #expect(set.itemNames == .rows(4) && set.itemNames[0] == nil)
        let tensor = Tensor(zeros: .float32, shape: [2, 3])
        try set.sources[0].source.read(items: 1..<3, into: tensor)
        #expect(tensor.elements(of: Float.self) == [3, 4, 5, 6, 7, 8])

        let archive = "input: {array: '\(ImageDecodingTests.folder)/expected.npz'"
        let luma = [ModelInput(name: "x", dtype: .uint8, itemDimensions: [12])]
        #expect(try open(archive + ", key: luma}", luma).count == 10)
        #expect(failure(archive + "}", luma).contains("say which array is meant (key)"))

        #expect(failure("input: {array: a.npy, key: b}", model).contains("'key' chooses an array of a .npz file"))
        #expect(
            failure("input: {array: a.npy}", [ModelInput(name: "x", dtype: .uint8, itemDimensions: [3])])
                == "input 'x': the array is float32, the model takes uint8; save it with a.astype(numpy.uint8)")
        #expect(
            failure("input: {array: a.npy}").contains("an item is 3, the model takes 3x?x?; the array's first axis"))
        try NPY.write(Tensor(scalar: Float(1)), to: "\(folder.path)/s.npy")
        #expect(failure("input: {array: s.npy}", model).contains("the first axis has to count the items"))
    }

    @Test func severalInputs() throws {
        try NPY.write(Tensor([Float](repeating: 0, count: 6), shape: [3, 2]), to: "\(folder.path)/x.npy")
        let x = ModelInput(name: "x", dtype: .float32, itemDimensions: [nil])
        let good = try open("inputs: {x: {array: x.npy}, image: {images: [a, b/2.png, b/10.png]}}", [x, Self.image])
        #expect(good.sources.map(\.name) == ["x", "image"])
        #expect(good.itemNames == .files(["a/1.PNG", "b/2.png", "b/10.png"]))
        #expect(
            failure("inputs: {x: {array: x.npy}, image: {images: a}}", [x, Self.image])
                .hasPrefix("input 'image': 1 item, but input 'x' has 3; where an array is one item"))
        #expect(
            failure("inputs: {y: {array: x.npy}}", [x])
                == "input 'y': the model has no such input; did you mean 'x'? (it has x)")
        #expect(
            failure("inputs: {x: {array: x.npy}}", [x, Self.image]).contains("input 'image': the job does not say"))
        #expect(
            failure("input: {array: x.npy}", [x, Self.image]).contains("the model has 2 inputs (x, image); name them"))
    }
}

/// A black image of a size, through ppm-free stored deflate: enough of PNG for a test.
enum PNG {
    static func encode(width: Int, height: Int) -> [UInt8] {
        let rows = [UInt8](repeating: 0, count: height * (1 + 3 * width))
        let count = rows.count
        var adler = (a: 1, b: 0)
        for byte in rows { adler = ((adler.a + Int(byte)) % 65521, (adler.b + adler.a + Int(byte)) % 65521) }
        let data =
            [0x78, 0x01, 0x01, UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8((~count >> 8) & 255)]
            + rows + bytes(adler.b << 16 | adler.a)
        return PNGDecoder.signature + chunk("IHDR", bytes(width) + bytes(height) + [8, 2, 0, 0, 0])
            + chunk("IDAT", data)
            + chunk("IEND", [])
    }

    private static func bytes(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        var checksum: UInt32 = ~0
        for byte in Array(type.utf8) + data {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xEDB8_8320 : checksum >> 1 }
        }
        return bytes(data.count) + type.utf8 + data + bytes(Int(~checksum))
    }
}
