/// An image in numbers between decoding and the tensor.
struct Raster {
    let width: Int
    let height: Int
    let channels: Int
    var values: [Float]  // [height, width, channels], 0 to 255

    init(width: Int, height: Int, channels: Int, values: [Float]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.values = values
    }

    /// Three channels as they are, or their luma by ITU-R BT.601 in the 16-bit arithmetic of Pillow's `convert("L")`.
    init(_ image: PixelImage, isGray: Bool) {
        guard isGray else {
            self.init(width: image.width, height: image.height, channels: 3, values: image.pixels.map(Float.init))
            return
        }
        let values = (0..<image.width * image.height).map { index in
            let red = Int(image.pixels[index * 3])
            let green = Int(image.pixels[index * 3 + 1])
            let blue = Int(image.pixels[index * 3 + 2])
            return Float((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16)
        }
        self.init(width: image.width, height: image.height, channels: 1, values: values)
    }

    /// The piece that begins `left`, `top` pixels inside; negative where it begins outside. Outside there is `fill`.
    func window(left: Int, top: Int, width: Int, height: Int, fill: Float) -> Raster {
        if left == 0, top == 0, width == self.width, height == self.height { return self }
        var result = [Float](repeating: fill, count: width * height * channels)
        let columns = max(0, -left)..<max(max(0, -left), min(width, self.width - left))
        for row in 0..<height where (0..<self.height).contains(row + top) {
            let source = ((row + top) * self.width + columns.lowerBound + left) * channels
            let target = (row * width + columns.lowerBound) * channels
            let count = columns.count * channels
            result.replaceSubrange(target..<target + count, with: values[source..<source + count])
        }
        return Raster(width: width, height: height, channels: channels, values: result)
    }

    func resized(width: Int, height: Int, _ interpolation: JobSpecification.Interpolation) -> Raster {
        resampled(columns: ResamplingTaps(from: self.width, to: width, interpolation))
            .resampled(rows: ResamplingTaps(from: self.height, to: height, interpolation))
    }

    private func resampled(columns taps: ResamplingTaps) -> Raster {
        if taps.isIdentity { return self }
        var result = [Float](repeating: 0, count: taps.count * height * channels)
        for column in 0..<taps.count {
            let weights = Array(taps.weights(of: column))
            for row in 0..<height {
                for channel in 0..<channels {
                    var source = (row * width + taps.starts[column]) * channels + channel
                    var sum = Float(0)
                    for weight in weights {
                        sum += weight * values[source]
                        source += channels
                    }
                    result[(row * taps.count + column) * channels + channel] = sum
                }
            }
        }
        return Raster(width: taps.count, height: height, channels: channels, values: result)
    }

    private func resampled(rows taps: ResamplingTaps) -> Raster {
        if taps.isIdentity { return self }
        let rowCount = width * channels
        var result = [Float](repeating: 0, count: taps.count * rowCount)
        for row in 0..<taps.count {
            let target = row * rowCount
            for (offset, weight) in taps.weights(of: row).enumerated() {
                let source = (taps.starts[row] + offset) * rowCount
                for index in 0..<rowCount { result[target + index] += weight * values[source + index] }
            }
        }
        return Raster(width: width, height: taps.count, channels: channels, values: result)
    }
}
