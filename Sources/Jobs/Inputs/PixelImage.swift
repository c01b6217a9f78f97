internal import Tensors

/// A decoded image: red, green and blue, 8 bits each.
struct PixelImage {
    let width: Int
    let height: Int
    let pixels: [UInt8]  // [height, width, 3]
    /// Its orientation in the file; here it is upright.
    let orientation: ImageOrientation

    /// 2^28 pixels are 800 MB decoded: past that an image is an attack or should be cut into tiles.
    static let pixelLimit = 1 << 28

    /// Decodes a PNG or JPEG file, told apart by their first bytes.
    ///
    /// - Throws: naming the file and why, for anything but a complete image.
    init(path: String) throws(FileError) {
        try self.init(bytes: TextFile.bytes(of: path, limit: 1 << 31), path: path)
    }

    /// - Parameter path: what errors call the bytes.
    init(bytes: [UInt8], path: String) throws(FileError) {
        if bytes.starts(with: PNGDecoder.signature) {
            self = try PNGDecoder.decode(bytes, path: path)
        } else if bytes.starts(with: [0xFF, 0xD8]) {
            self = try JPEGDecoder.decode(bytes, path: path).turned(ImageOrientation(jpeg: bytes))
        } else {
            let reason = bytes.isEmpty ? "the file is empty" : "neither PNG nor JPEG, by its first bytes"
            throw FileError(path: path, offset: bytes.isEmpty ? nil : 0, reason: reason)
        }
    }

    /// - Parameter pixels: `[height, width, 3]`
    init(width: Int, height: Int, pixels: [UInt8], orientation: ImageOrientation = .upright) {
        precondition(pixels.count == width * height * 3)
        self.width = width
        self.height = height
        self.pixels = pixels
        self.orientation = orientation
    }

    /// Refuses a declared size before memory for it is asked for.
    static func checkSize(width: Int, height: Int, path: String) throws(FileError) {
        guard width > 0, height > 0 else {
            throw FileError(path: path, offset: nil, reason: "an image of \(width) x \(height) pixels")
        }
        guard width <= 1_000_000, height <= 1_000_000, width * height <= pixelLimit else {
            throw FileError(
                path: path, offset: nil,
                reason: "\(width) x \(height) pixels; at most \(pixelLimit) pixels are decoded")
        }
    }
}
