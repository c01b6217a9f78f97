internal import Tensors

/// Makes the item of a model out of a decoded image.
struct ImagePreparation: Sendable {
    let specification: JobSpecification.ImageInput
    /// float32, float16 or uint8.
    let dtype: DType

    /// - Throws: where the model takes numbers that pixels are not turned into.
    init(_ specification: JobSpecification.ImageInput, input: String, dtype: DType) throws(InputError) {
        guard [.float32, .float16, .uint8].contains(dtype) else {
            throw InputError(
                input: input,
                reason: "the model takes \(dtype); images become float32, float16 or uint8. Give an array.")
        }
        if dtype == .uint8,
            specification.scale != 1 || specification.mean != [0] || specification.deviation != [1]
        {
            throw InputError(
                input: input,
                reason: "the model takes uint8 and gets the pixels as they are; leave scale, mean and deviation out")
        }
        self.specification = specification
        self.dtype = dtype
    }

    /// The item's type for images of a size.
    /// - Throws: a reason, where the crop is larger than the image.
    func itemType(width: Int, height: Int) throws(Misfit) -> TensorType {
        let whole = specification.resize.map { ($0.width, $0.height) } ?? (width, height)
        var (width, height) = whole
        if let crop = specification.crop {
            guard crop.width <= width, crop.height <= height else {
                throw Misfit(
                    reason: "\(width) x \(height) pixels, less than the crop of \(crop.width) x \(crop.height)")
            }
            (width, height) = (crop.width, crop.height)
        }
        let channels = specification.channels.count
        return TensorType(
            dtype, specification.layout == .nchw ? [channels, height, width] : [height, width, channels])
    }

    struct Misfit: Error {
        let reason: String
    }

    /// Writes one image as an item.
    /// - Parameter item: of the type that `itemType` says for the image.
    func write(_ image: PixelImage, to item: Tensor) {
        var raster = Raster(image, isGray: specification.channels == .gray)
        if let resize = specification.resize { raster = fitted(raster, resize) }
        if let crop = specification.crop {
            raster = raster.window(
                left: (raster.width - crop.width) / 2, top: (raster.height - crop.height) / 2, width: crop.width,
                height: crop.height, fill: 0)
        }
        switch dtype {
        case .uint8: fill(item, with: raster) { value, _, _ in UInt8(max(0, min(255, value.rounded()))) }
        case .float16:
            let scale = specification.scale
            fill(item, with: raster) { Float16(Float((Double($0) * scale - $1) / $2)) }
        default:
            let scale = specification.scale
            fill(item, with: raster) { Float((Double($0) * scale - $1) / $2) }
        }
    }

    private func fitted(_ raster: Raster, _ resize: JobSpecification.Resize) -> Raster {
        var (width, height) = (resize.width, resize.height)
        let ratios = (Double(width) / Double(raster.width), Double(height) / Double(raster.height))
        switch resize.fit {
        case .stretch: break
        case .cover:
            let ratio = max(ratios.0, ratios.1)
            width = max(width, Int((Double(raster.width) * ratio).rounded()))
            height = max(height, Int((Double(raster.height) * ratio).rounded()))
        case .contain:
            let ratio = min(ratios.0, ratios.1)
            width = min(width, max(1, Int((Double(raster.width) * ratio).rounded())))
            height = min(height, max(1, Int((Double(raster.height) * ratio).rounded())))
        }
        let resized = raster.resized(width: width, height: height, resize.interpolation)
        // Division cuts towards zero, on either side of it: what is padded and what is cut off is rounded down.
        return resized.window(
            left: (width - resize.width) / 2, top: (height - resize.height) / 2, width: resize.width,
            height: resize.height, fill: Float(resize.fill))
    }

    // Inlined so that it is made for each element type: a generic loop costs 40 ns a number.
    @inline(__always)
    private func fill<Element>(
        _ item: Tensor, with raster: Raster, _ convert: (_ pixel: Float, _ mean: Double, _ deviation: Double) -> Element
    ) {
        let area = raster.width * raster.height
        let channels = raster.channels
        let isPlanar = specification.layout == .nchw
        // Between the elements of a channel, and between channels.
        let (elementStride, channelStride) = isPlanar ? (1, area) : (channels, 1)
        item.withMutableBytes { bytes in
            let elements = bytes.bindMemory(to: Element.self)
            for channel in 0..<channels {
                let mean = specification.mean.count == 1 ? specification.mean[0] : specification.mean[channel]
                let deviation =
                    specification.deviation.count == 1 ? specification.deviation[0] : specification.deviation[channel]
                var source = specification.channels == .bgr ? channels - 1 - channel : channel
                var target = channel * channelStride
                for _ in 0..<area {
                    elements[target] = convert(raster.values[source], mean, deviation)
                    source += channels
                    target += elementStride
                }
            }
        }
    }
}
