internal import CPNG
internal import Tensors

/// Pictures as PNG files, through libpng's simplified API.
enum PNGEncoder {
    /// The bytes of the file: the same for the same pixels.
    static func encode(_ picture: Picture, path: String) throws(FileError) -> [UInt8] {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(picture.width)
        image.height = png_uint_32(picture.height)
        image.format = picture.channels == 1 ? 0 : png_uint_32(PNG_FORMAT_FLAG_COLOR)
        defer { png_image_free(&image) }
        var count: png_alloc_size_t = 0
        // Without memory to write to, it says how much there must be.
        guard png_image_write_to_memory(&image, nil, &count, 0, picture.pixels, 0, nil) != 0 else {
            throw FileError(path: path, offset: nil, reason: "libpng: " + message(of: image))
        }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        guard png_image_write_to_memory(&image, &bytes, &count, 0, picture.pixels, 0, nil) != 0 else {
            throw FileError(path: path, offset: nil, reason: "libpng: " + message(of: image))
        }
        bytes.removeLast(bytes.count - Int(count))
        return bytes
    }

    private static func message(of image: png_image) -> String {
        withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
