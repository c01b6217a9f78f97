internal import Tensors

/// An image of 8 bits per channel that will be written to a file.
struct Picture: Equatable {
    let width: Int
    let height: Int
    /// 1 (gray) or 3 (red, green, blue).
    let channels: Int
    let pixels: [UInt8]  // [height, width, channels]

    /// Between pictures that are placed side by side.
    private static let gapPixel: UInt8 = 128

    init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height * channels)
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// pixel = value * scale + offset, rounded, within 0 to 255; what is no number is 0. Each value becomes a square of
    /// `magnify` pixels a side.
    ///
    /// - Parameter item: of a shape that `extents` takes.
    init(_ item: Tensor, _ form: JobSpecification.ImageOutput) {
        let (height, width, channels) = Picture.extents(of: item.shape, form.layout)!
        let numbers = NumberText.values(of: item)
        let scale = form.scale(for: item.dtype)
        let isPlanar = form.layout == .nchw
        let values = numbers.map { number -> UInt8 in
            let pixel = (number * scale + form.offset).rounded()
            return pixel.isNaN ? 0 : UInt8(min(max(pixel, 0), 255))
        }
        let factor = form.magnify
        var pixels: [UInt8] = []
        pixels.reserveCapacity(numbers.count * factor * factor)
        for row in 0..<(height * factor) {
            for column in 0..<(width * factor) {
                let place = row / factor * width + column / factor
                for channel in 0..<channels {
                    pixels.append(values[isPlanar ? channel * height * width + place : place * channels + channel])
                }
            }
        }
        self.init(width: width * factor, height: height * factor, channels: channels, pixels: pixels)
    }

    /// Height, width and channels of an item; nil where it is no image.
    static func extents(
        of shape: Shape, _ layout: JobSpecification.Layout
    ) -> (height: Int, width: Int, channels: Int)? {
        let result: (Int, Int, Int)
        switch (shape.rank, layout) {
        case (2, _): result = (shape[0], shape[1], 1)
        case (3, .nchw): result = (shape[1], shape[2], shape[0])
        case (3, .nhwc): result = (shape[0], shape[1], shape[2])
        default: return nil
        }
        guard result.0 > 0, result.1 > 0, result.2 == 1 || result.2 == 3 else { return nil }
        return result
    }

    /// Pictures of one height from left to right, `gap` gray pixels between them; in colour where one of them is.
    static func row(_ pictures: [Picture], gap: Int) -> Picture {
        let channels = pictures.contains { $0.channels == 3 } ? 3 : 1
        let height = pictures[0].height
        let width = pictures.reduce(0) { $0 + $1.width } + gap * (pictures.count - 1)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * channels)
        for row in 0..<height {
            for (index, picture) in pictures.enumerated() {
                if index > 0 { pixels += [UInt8](repeating: gapPixel, count: gap * channels) }
                let line = picture.pixels[
                    row * picture.width * picture.channels..<(row + 1) * picture.width * picture.channels]
                if picture.channels == channels {
                    pixels += line
                } else {
                    for pixel in line { pixels += [pixel, pixel, pixel] }
                }
            }
        }
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }
}
