import Foundation
import Tensors
import Testing

@testable import Jobs

/// Outputs written as PNG files, read back with the decoder.
@Suite struct PictureTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var form: JobSpecification.ImageOutput {
        JobSpecification.ImageOutput(folder: "\(folder.path)/pictures", from: ["after"])
    }

    private func open(
        _ form: JobSpecification.ImageOutput, _ outputs: [ModelOutput], items: ItemNames
    ) throws -> OutputSet {
        let outer = JobSpecification.Outputs(folder: "\(folder.path)/out", formats: [], images: form)
        return try OutputSet(outer, outputs: outputs, items: items)
    }

    /// Item i is a picture of 2 x 3 whose values count up from i / 10 in tenths.
    private static func items(_ items: Range<Int>, channels: Int = 1) -> Tensor {
        let count = 6 * channels
        return Tensor(
            items.flatMap { item in (0..<count).map { Float($0 + item) / 10 } }, shape: [items.count, channels, 2, 3])
    }

    private func pixels(_ name: String) throws -> PixelImage { try PixelImage(path: "\(folder.path)/pictures/\(name)") }

    @Test func grayPixels() throws {
        let set = try open(
            form, [ModelOutput(name: "after", itemType: TensorType(.float32, [1, 2, 3]))],
            items: .files(["b/x.png", "b/y.jpeg", "x.png"]))
        try set.write("after", items: 2..<3, from: Self.items(2..<3))
        try set.write("after", items: 0..<2, from: Self.items(0..<2))
        // Nothing is seen before the job has succeeded.
        #expect(!folder.seenNames.contains { $0.hasSuffix(".png") })
        try set.commit()
        #expect(
            folder.names == ["out", "pictures", "pictures/b_x.png", "pictures/b_y.png", "pictures/x.png"])
        let image = try pixels("x.png")
        #expect(image.width == 3 && image.height == 2)
        #expect(image.pixels == [51, 77, 102, 128, 153, 178].flatMap { [UInt8]([$0, $0, $0]) })
    }

    @Test func coloursSideBySide() throws {
        var form = form
        form.from = ["before", "after"]
        form.scale = 100
        form.offset = 1
        form.magnify = 2
        form.gap = 3
        let outputs = [
            ModelOutput(name: "after", itemType: TensorType(.float32, [3, 2, 3])),
            ModelOutput(name: "other", itemType: TensorType(.float32, [7])),
            ModelOutput(name: "before", itemType: TensorType(.float32, [1, 2, 3])),
        ]
        let set = try open(form, outputs, items: .rows(2))
        try set.write("after", items: 0..<2, from: Self.items(0..<2, channels: 3))
        try set.write("before", items: 0..<2, from: Self.items(0..<2))
        try set.commit()
        #expect(folder.names.contains("pictures/item-0000.png") && folder.names.contains("pictures/item-0001.png"))
        let image = try pixels("item-0001.png")
        #expect(image.width == 6 + 3 + 6 && image.height == 4)
        func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(image.pixels[(y * 15 + x) * 3..<(y * 15 + x) * 3 + 3]) }
        #expect(pixel(0, 0) == [11, 11, 11] && pixel(1, 1) == [11, 11, 11] && pixel(5, 3) == [61, 61, 61])
        #expect(pixel(6, 0) == [128, 128, 128] && pixel(8, 3) == [128, 128, 128])
        // Planes of six values each; what is past white is white.
        #expect(pixel(9, 0) == [11, 71, 131] && pixel(14, 3) == [61, 121, 181])
    }

    @Test func whatIsNoNumberOrNoFloat() throws {
        let numbers = Tensor([Float.nan, .infinity, -.infinity, 0.5], shape: [2, 2])
        #expect(Picture(numbers, form).pixels == [0, 255, 0, 128])
        let bytes = Tensor([Int32(-3), 7, 255, 300], shape: [2, 2])
        #expect(Picture(bytes, form).pixels == [0, 7, 255, 255])
        var last = form
        last.layout = .nhwc
        let colours = Tensor([Float(0), 0.2, 0.4, 0.6, 0.8, 1], shape: [1, 2, 3])
        #expect(
            Picture(colours, last) == Picture(width: 2, height: 1, channels: 3, pixels: [0, 51, 102, 153, 204, 255]))
    }

    @Test func nothingIsLeftOfAJobThatFails() throws {
        do {
            let set = try open(
                form, [ModelOutput(name: "after", itemType: TensorType(.float32, [1, 2, 3]))], items: .rows(2))
            try set.write("after", items: 0..<1, from: Self.items(0..<1))
            #expect(throws: FileError.self) { try set.commit() }
        }
        #expect(folder.names.isEmpty)
    }

    @Test(arguments: [
        (Shape([4, 2, 3]), "output 'after' is 4x2x3 for each item, and an image is"),
        (Shape([7]), "output 'after' is 7 for each item, and an image is"),
        (Shape([1, 0, 3]), "output 'after' is 1x0x3 for each item"),
    ])
    func whatIsNoPicture(_ shape: Shape, _ words: String) {
        let error = #expect(throws: FileError.self) {
            try open(form, [ModelOutput(name: "after", itemType: TensorType(.float32, shape))], items: .rows(2))
        }
        #expect(error?.description.contains(words) == true)
        #expect(folder.names.isEmpty)
    }

    @Test func outputsThatAreNotThereOrDiffer() {
        var form = form
        form.from = ["aftre"]
        let after = ModelOutput(name: "after", itemType: TensorType(.float32, [2, 3]))
        let unknown = #expect(throws: FileError.self) { try open(form, [after], items: .rows(1)) }
        #expect(unknown?.description.contains("no output 'aftre'; did you mean 'after'?") == true)
        form.from = ["after", "tall"]
        let tall = ModelOutput(name: "tall", itemType: TensorType(.float32, [5, 3]))
        let error = #expect(throws: FileError.self) { try open(form, [after, tall], items: .rows(1)) }
        #expect(error?.description.contains("'after' (2x3) and 'tall' (5x3) differ in height") == true)
    }
}
