public import Planning
public import Tensors

/// Items from PNG and JPEG files, decoded when they are read.
public struct ImageSource: InputSource {
    /// Of the images that are used, in order.
    public let paths: [String]
    public let itemNames: ItemNames
    public let dtype: DType
    /// By item.
    private let shapes: [Shape]
    public let urgencies: [Urgency?]?
    /// Images that were left out.
    let skippedCount: Int
    /// One for each image that was skipped, and how many were turned.
    public let warnings: [String]
    private let preparation: ImagePreparation

    /// Finds the files and decodes each once, so that everything that is wrong with them is known before the job begins.
    ///
    /// - Parameters:
    ///   - input: the name of the model's input, for errors.
    ///   - dtype: what the model takes.
    public init(_ specification: JobSpecification.ImageInput, input: String, dtype: DType) throws {
        preparation = try ImagePreparation(specification, input: input, dtype: dtype)
        let files = try InputFiles.images.expand(specification.images)
        let all = files.map(\.path)
        var good: [Int] = []
        var bad: [String] = []
        var shapes: [Shape] = []
        var turnedCount = 0
        for (index, path) in all.enumerated() {
            let image: PixelImage
            do { image = try PixelImage(path: path) } catch {
                bad.append(error.description)
                continue
            }
            do {
                shapes.append(try preparation.itemType(width: image.width, height: image.height).shape)
            } catch {
                throw InputError(input: input, reason: "\(path): \(error.reason)")
            }
            good.append(index)
            if image.orientation != .upright { turnedCount += 1 }
        }
        if !bad.isEmpty, specification.onError == .fail {
            throw InputError(input: input, reason: ImageSource.summary(bad) + "; leave them out with on-error: skip")
        }
        guard !good.isEmpty else {
            throw InputError(input: input, reason: "no image is left: " + ImageSource.summary(bad))
        }
        let names = InputFiles.names(of: all)
        paths = good.map { all[$0] }
        urgencies = files.contains { $0.urgency != nil } ? good.map { files[$0].urgency } : nil
        itemNames = .files(good.map { names[$0] })
        self.dtype = dtype
        self.shapes = shapes
        skippedCount = bad.count
        warnings =
            bad.map { "skipped \($0)" }
            + (turnedCount == 0
                ? [] : ["\(turnedCount) of \(good.count) images were turned upright, as their EXIF orientation says"])
    }

    private static func summary(_ bad: [String]) -> String {
        let count = bad.count == 1 ? "1 image does" : "\(bad.count) images do"
        return "\(count) not decode: " + bad.prefix(5).joined(separator: "; ") + (bad.count > 5 ? "; ..." : "")
    }

    public func itemShape(_ item: Int) -> Shape { shapes[item] }

    public func read(items: [Int], into tensor: Tensor) throws(FileError) {
        check(items, tensor)
        for (offset, index) in items.enumerated() {
            let image = try PixelImage(path: paths[index])
            guard let type = try? preparation.itemType(width: image.width, height: image.height),
                type.shape == shapes[index]
            else {
                throw FileError(path: paths[index], offset: nil, reason: "the image has changed since the job began")
            }
            preparation.write(image, to: tensor.slice(offset..<offset + 1).reshaped(type.shape))
        }
    }
}
