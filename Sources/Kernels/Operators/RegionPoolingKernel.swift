internal import Graphs
internal import Tensors

/// The maxima of the bins of regions whose corners are rounded to cells.
struct RegionPoolingKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let attributes: RegionPooling
    let maps: Shape
    let regions: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let source = operands.input(0, as: Element.self)  // maps
        let corners = operands.input(1, as: Element.self)  // [regions, 5]
        let result = operands.output(0, as: Element.self)  // [regions, channels, height, width]
        for region in 0..<regions {
            let image = Double(corners[5 * region])
            guard image >= 0, image < Double(maps[0]) else {
                throw KernelError("region \(region) lies in image \(image) of \(maps[0])")
            }
            for index in 1..<5 where !(Double(corners[5 * region + index]).magnitude < 1e9) {
                throw KernelError("region \(region) has impossible corners")
            }
        }
        let (channels, height, width) = (maps[1], attributes.height, attributes.width)
        context.parallel(regions * channels) { task, _ in
            let corner = corners + task / channels * 5
            let plane = source + (Int(corner[0]) * channels + task % channels) * maps[2] * maps[3]
            for row in 0..<height {
                let rows = cells(row, height, corner[2], corner[4], maps[2])
                for column in 0..<width {
                    let columns = cells(column, width, corner[1], corner[3], maps[3])
                    var best: Element?
                    for y in rows {
                        for x in columns { best = .larger(best ?? plane[y * maps[3] + x], plane[y * maps[3] + x]) }
                    }
                    result[(task * height + row) * width + column] = best ?? 0
                }
            }
        }
    }

    /// The cells of a bin along one axis; none where it lies outside.
    private func cells(_ bin: Int, _ bins: Int, _ start: Element, _ end: Element, _ extent: Int) -> Range<Int> {
        let scale = Double(attributes.scale)
        let first = (Double(start) * scale).rounded()
        let size = max((Double(end) * scale).rounded() - first + 1, 1) / Double(bins)
        let lower = min(max((Double(bin) * size).rounded(.down) + first, 0), Double(extent))
        let upper = min(max((Double(bin + 1) * size).rounded(.up) + first, 0), Double(extent))
        return Int(lower)..<max(Int(lower), Int(upper))
    }
}

extension RegionPooling {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let attributes: RegionPooling
            let maps: Shape
            let regions: Int
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(RegionPoolingKernel<Element>(attributes: attributes, maps: maps, regions: regions))
            }
        }
        let maps = request.inputTypes[0]!
        return try maps.dtype.acceptFloatingPoint(
            Visitor(attributes: self, maps: maps.shape, regions: request.inputTypes[1]!.shape[0]), for: operatorName)
    }
}
