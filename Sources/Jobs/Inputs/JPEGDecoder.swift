internal import CTurboJPEG
internal import Tensors

/// JPEG through libjpeg-turbo's own API: the accurate inverse DCT, smooth upsampling of chroma, as Pillow has it.
enum JPEGDecoder {
    static func decode(_ bytes: [UInt8], path: String) throws(FileError) -> PixelImage {
        guard let decoder = tjInitDecompress() else {
            throw FileError(
                path: path, offset: nil, reason: "libjpeg-turbo does not start: \(String(cString: tjGetErrorStr2(nil)))"
            )
        }
        defer { tjDestroy(decoder) }
        func error() -> FileError {
            FileError(path: path, offset: nil, reason: "libjpeg-turbo: " + String(cString: tjGetErrorStr2(decoder)))
        }
        var width: Int32 = 0
        var height: Int32 = 0
        var subsampling: Int32 = 0
        var colours: Int32 = 0
        let size = UInt(bytes.count)
        guard tjDecompressHeader3(decoder, bytes, size, &width, &height, &subsampling, &colours) == 0 else {
            throw error()
        }
        try PixelImage.checkSize(width: Int(width), height: Int(height), path: path)
        guard colours != TJCS_CMYK.rawValue, colours != TJCS_YCCK.rawValue else {
            throw FileError(path: path, offset: nil, reason: "a CMYK image; convert it to RGB")
        }
        var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * 3)
        // LIMITSCANS: a progressive file of endless scans is an attack.
        let flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS
        let code = tjDecompress2(decoder, bytes, size, &pixels, width, 0, height, Int32(TJPF_RGB.rawValue), flags)
        if code != 0, !isHarmless(decoder) { throw error() }
        return PixelImage(width: Int(width), height: Int(height), pixels: pixels)
    }

    /// Warnings are errors, a cut-off file too, except for bytes between two segments: cameras write them, nothing is
    /// lost, and every decoder lets them pass.
    private static func isHarmless(_ decoder: tjhandle) -> Bool {
        tjGetErrorCode(decoder) == TJERR_WARNING.rawValue
            && String(cString: tjGetErrorStr2(decoder)).contains("extraneous bytes before marker")
    }
}
