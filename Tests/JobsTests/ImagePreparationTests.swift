import Tensors
import Testing

@testable import Jobs

@Suite struct ImagePreparationTests {
    static let image = Result { try PixelImage(path: "\(ImageDecodingTests.folder)/rgb.png") }

    private func item(
        _ dtype: DType = .float32, _ change: (inout JobSpecification.ImageInput) -> Void
    ) throws -> Tensor {
        var specification = JobSpecification.ImageInput(images: ["x"])
        change(&specification)
        let preparation = try ImagePreparation(specification, input: "x", dtype: dtype)
        let image = try Self.image.get()
        let item = Tensor(type: try preparation.itemType(width: image.width, height: image.height))
        preparation.write(image, to: item)
        return item
    }

    @Test(arguments: JobSpecification.Interpolation.allCases, [(5, 4), (24, 14), (12, 3), (1, 1)])
    func resizing(interpolation: JobSpecification.Interpolation, size: (width: Int, height: Int)) throws {
        let item = try item { $0.resize = .init(width: size.width, height: size.height, interpolation: interpolation) }
        let expected = try ImageDecodingTests.expected("\(interpolation.rawValue)-\(size.width)x\(size.height)")
        #expect(item.type == expected.type)
        let difference = zip(item.elements(of: Float.self), expected.elements(of: Float.self)).map { abs($0 - $1) }
            .max()!
        #expect(difference < 1e-4 * 255)
    }

    @Test func channelsLayoutAndScaling() throws {
        let image = try Self.image.get()
        func pixel(_ row: Int, _ column: Int, _ channel: Int) -> Double {
            Double(image.pixels[(row * 12 + column) * 3 + channel])
        }
        let planar = try item {
            $0.scale = 1 / 255.0
            $0.mean = [0.1, 0.2, 0.3]
            $0.deviation = [2, 3, 4]
        }
        #expect(planar.shape == [3, 10, 12])
        #expect(
            planar.elements(of: Float.self)[1 * 120 + 3 * 12 + 5] == Float((pixel(3, 5, 1) * (1 / 255.0) - 0.2) / 3))
        let reversed = try item {
            $0.channels = .bgr
            $0.layout = .nhwc
            $0.mean = [10, 20, 30]
        }
        #expect(reversed.shape == [10, 12, 3])
        #expect(reversed.elements(of: Float.self)[(3 * 12 + 5) * 3] == Float(pixel(3, 5, 2) - 10))
        #expect(reversed.elements(of: Float.self)[(3 * 12 + 5) * 3 + 2] == Float(pixel(3, 5, 0) - 30))
        #expect(
            try item {
                $0.channels = .gray
                $0.layout = .nhwc
            }.shape == [10, 12, 1])
    }

    @Test func croppingOutOfTheMiddle() throws {
        let whole = try item(.uint8) { _ in }.elements(of: UInt8.self)
        let piece = try item(.uint8) { $0.crop = .init(width: 5, height: 4) }
        #expect(piece.shape == [3, 4, 5])
        // 12 - 5 = 7 columns too many, 3 of them on the left; 6 rows, 3 above.
        #expect(piece.elements(of: UInt8.self).first == whole[3 * 12 + 3])
        #expect(piece.elements(of: UInt8.self).last == whole[2 * 120 + 6 * 12 + 7])
    }

    @Test func fitting() throws {
        // 12 x 10 into 6 x 10: to contain it is 6 x 5, two rows of fill above and three below.
        let contained = try item(.uint8) {
            $0.channels = .gray
            $0.resize = .init(width: 6, height: 10, fit: .contain, interpolation: .nearest, fill: 77)
        }.elements(of: UInt8.self)
        #expect(contained[..<12].allSatisfy { $0 == 77 } && contained[42...].allSatisfy { $0 == 77 })
        let small = try item(.uint8) {
            $0.channels = .gray
            $0.resize = .init(width: 6, height: 5, interpolation: .nearest)
        }.elements(of: UInt8.self)
        #expect(Array(contained[12..<42]) == small)
        // To cover 6 x 10 nothing is scaled, three columns are cut off on either side.
        let covered = try item(.uint8) { $0.resize = .init(width: 6, height: 10, fit: .cover) }
        #expect(
            try covered.elements(of: UInt8.self) == item(.uint8) { $0.crop = .init(width: 6, height: 10) }.elements())
    }

    @Test func numbersOfTheModel() throws {
        #expect(
            try item(.uint8) {
                $0.channels = .rgb
                $0.layout = .nhwc
            }.elements() == Self.image.get().pixels)
        let halves = try item(.float16) { $0.scale = 0.5 }.withBytes { Array($0.bindMemory(to: Float16.self)) }
        #expect(try halves.map(Float.init) == item { $0.scale = 0.5 }.elements(of: Float.self))
        #expect { try item(.uint8) { $0.scale = 2 } } throws: { "\($0)".contains("input 'x': the model takes uint8") }
        #expect { try item(.int64) { _ in } } throws: { "\($0)".contains("the model takes int64") }
        #expect { try item { $0.crop = .init(width: 13, height: 1) } } throws: {
            ($0 as? ImagePreparation.Misfit)?.reason == "12 x 10 pixels, less than the crop of 13 x 1"
        }
    }
}

extension Tensor {
    init(type: TensorType) { self.init(uninitialized: type.dtype, shape: type.shape) }
}
