/// How an image has to be turned to stand upright: EXIF's orientation (tag 0x0112), by CIPA DC-008-2019, 4.6.4.
enum ImageOrientation: Int {
    case upright = 1
    case mirrored, turnedHalf, flipped, transposed, turnedRight, transversed, turnedLeft

    /// Whether columns become rows.
    var swapsAxes: Bool { rawValue >= 5 }

    /// What a JPEG file says; upright where it says nothing, or nothing that can be understood: an image is not lost for
    /// a bad tag.
    ///
    /// - Parameter bytes: the whole file. Every offset in it is checked against its end before it is followed.
    init(jpeg bytes: [UInt8]) {
        self = ImageOrientation.exif(bytes).flatMap(ImageOrientation.tag).flatMap(Self.init(rawValue:)) ?? .upright
    }

    /// The TIFF structure inside the first APP1 segment that holds EXIF.
    private static func exif(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let signature = Array("Exif".utf8) + [0, 0]
        var place = 2  // behind the marker that begins the file
        while place + 4 <= bytes.count, bytes[place] == 0xFF {
            let marker = bytes[place + 1]
            // Any number of 0xFF may come before a marker.
            if marker == 0xFF {
                place += 1
                continue
            }
            // Pixels begin, or the file ends: nothing that is looked for comes behind.
            if marker == 0xDA || marker == 0xD9 { return nil }
            // The length counts its own two bytes.
            let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            let end = place + 2 + length
            guard length >= 2, end <= bytes.count else { return nil }
            let content = bytes[(place + 4)..<end]
            if marker == 0xE1, content.starts(with: signature) { return content.dropFirst(signature.count) }
            place = end
        }
        return nil
    }

    /// The value of the orientation tag in the first directory of a TIFF structure.
    private static func tag(_ tiff: ArraySlice<UInt8>) -> Int? {
        let bytes = Array(tiff)
        guard bytes.count >= 8 else { return nil }
        let isLittle = bytes.starts(with: Array("II".utf8))
        guard isLittle || bytes.starts(with: Array("MM".utf8)) else { return nil }
        func number(at offset: Int, byteCount: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - byteCount else { return nil }
            let part = bytes[offset..<offset + byteCount]
            return isLittle
                ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : part.reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(at: 2, byteCount: 2) == 42, let directory = number(at: 4, byteCount: 4),
            let count = number(at: directory, byteCount: 2)
        else { return nil }
        for entry in 0..<count {
            let offset = directory + 2 + entry * 12  // tag, type, count, value
            guard let tag = number(at: offset, byteCount: 2) else { return nil }
            guard tag == 0x0112 else { continue }
            // One SHORT, which is in the entry itself.
            guard number(at: offset + 2, byteCount: 2) == 3, number(at: offset + 4, byteCount: 4) == 1 else {
                return nil
            }
            return number(at: offset + 8, byteCount: 2)
        }
        return nil
    }
}

extension PixelImage {
    /// The image as it stands upright.
    func turned(_ orientation: ImageOrientation) -> PixelImage {
        guard orientation != .upright else { return self }
        let (columns, rows) = orientation.swapsAxes ? (height, width) : (width, height)
        var result = [UInt8](repeating: 0, count: pixels.count)
        var target = 0
        for row in 0..<rows {
            for column in 0..<columns {
                let (x, y) =
                    switch orientation {
                    case .upright: (column, row)
                    case .mirrored: (width - 1 - column, row)
                    case .turnedHalf: (width - 1 - column, height - 1 - row)
                    case .flipped: (column, height - 1 - row)
                    case .transposed: (row, column)
                    case .turnedRight: (row, height - 1 - column)
                    case .transversed: (width - 1 - row, height - 1 - column)
                    case .turnedLeft: (width - 1 - row, column)
                    }
                let source = (y * width + x) * 3
                result[target] = pixels[source]
                result[target + 1] = pixels[source + 1]
                result[target + 2] = pixels[source + 2]
                target += 3
            }
        }
        return PixelImage(width: columns, height: rows, pixels: result, orientation: orientation)
    }
}
