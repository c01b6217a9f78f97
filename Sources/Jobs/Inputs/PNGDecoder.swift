internal import CPNG
internal import Tensors

/// PNG through libpng's simplified API.
enum PNGDecoder {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    /// libpng would convert by these; training pipelines (Pillow, OpenCV) take the pixels unchanged.
    private static let colourChunks: Set<[UInt8]> = Set(
        ["gAMA", "cHRM", "sRGB", "iCCP", "cICP"].map { Array($0.utf8) })

    static func decode(_ bytes: [UInt8], path: String) throws(FileError) -> PixelImage {
        let stripped = try withoutColourChunks(bytes, path: path)
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        // The bytes must stay where they are until the reading is done.
        let result = stripped.withUnsafeBytes { source in
            Result { () throws(FileError) in
                guard png_image_begin_read_from_memory(&image, source.baseAddress, source.count) != 0 else {
                    throw FileError(path: path, offset: nil, reason: message(of: image))
                }
                return try pixels(of: &image, path: path)
            }
        }
        return PixelImage(width: Int(image.width), height: Int(image.height), pixels: try result.get())
    }

    private static func pixels(of image: inout png_image, path: String) throws(FileError) -> [UInt8] {
        let hasAlpha = image.format & png_uint_32(PNG_FORMAT_FLAG_ALPHA) != 0
        // Alpha is read and dropped: asked for no alpha, libpng would blend with a background.
        image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR) | (hasAlpha ? png_uint_32(PNG_FORMAT_FLAG_ALPHA) : 0)
        // Without this 16-bit files count as linear light and would be gamma-corrected.
        image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
        let count = Int(image.width) * Int(image.height)
        var pixels = [UInt8](repeating: 0, count: count * (hasAlpha ? 4 : 3))
        guard pixels.withUnsafeMutableBytes({ png_image_finish_read(&image, nil, $0.baseAddress, 0, nil) }) != 0,
            image.warning_or_error < 2
        else { throw FileError(path: path, offset: nil, reason: message(of: image)) }
        guard hasAlpha else { return pixels }
        for index in 0..<count {
            for channel in 0..<3 { pixels[index * 3 + channel] = pixels[index * 4 + channel] }
        }
        pixels.removeLast(count)
        return pixels
    }

    private static func message(of image: png_image) -> String {
        withUnsafeBytes(of: image.message) { "libpng: " + String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Walks the chunks: finds a file that is cut off, refuses huge images, leaves out chunks on colour.
    private static func withoutColourChunks(_ bytes: [UInt8], path: String) throws(FileError) -> [UInt8] {
        func integer(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        var result = signature
        var position = signature.count
        var isEnd = false
        while !isEnd {
            // length, type, data, checksum
            guard position + 12 <= bytes.count, position + 12 + integer(position) <= bytes.count else {
                throw FileError(path: path, offset: bytes.count, reason: "the PNG file is cut off here")
            }
            let next = position + 12 + integer(position)
            let type = Array(bytes[position + 4..<position + 8])
            if position == signature.count {
                guard type == Array("IHDR".utf8), integer(position) == 13 else {
                    throw FileError(path: path, offset: position, reason: "a PNG file begins with IHDR")
                }
                try PixelImage.checkSize(width: integer(position + 8), height: integer(position + 12), path: path)
            }
            if !colourChunks.contains(type) { result += bytes[position..<next] }
            isEnd = type == Array("IEND".utf8)
            position = next
        }
        return result
    }
}
