internal import Graphs
internal import Tensors

/// Pools regions of feature maps through samples between cells.
struct RegionAlignmentKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    /// A stretch of a region along one axis, in cells.
    private struct Stretch {
        let start: Double
        let bin: Double
        let samples: Int
    }

    let attributes: RegionAlignment
    let maps: Shape
    let regions: Int

    /// Samples along one side of a bin past which a region is no region.
    private static var sampleLimit: Double { 16384 }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let source = operands.input(0, as: Element.self)  // maps
        let corners = operands.input(1, as: Element.self)  // [regions, 4]
        let images = operands.input(2, as: Int64.self)  // [regions]
        let result = operands.output(0, as: Element.self)  // [regions, channels, height, width]
        for region in 0..<regions {
            guard images[region] >= 0, images[region] < maps[0] else {
                throw KernelError("region \(region) lies in image \(images[region]) of \(maps[0])")
            }
            for side in [horizontal(corners + 4 * region), vertical(corners + 4 * region)] where !isSane(side) {
                throw KernelError("region \(region) has impossible corners")
            }
        }
        let (channels, height, width) = (maps[1], attributes.height, attributes.width)
        context.parallel(regions * channels) { task, _ in
            let region = task / channels
            let (x, y) = (horizontal(corners + 4 * region), vertical(corners + 4 * region))
            let plane = source + (Int(images[region]) * channels + task % channels) * maps[2] * maps[3]
            for row in 0..<height {
                for column in 0..<width {
                    result[(task * height + row) * width + column] = Element(bin(plane, row, column, x, y))
                }
            }
        }
    }

    private func horizontal(_ corner: UnsafePointer<Element>) -> Stretch {
        stretch(Double(corner[0]), Double(corner[2]), bins: attributes.width)
    }

    private func vertical(_ corner: UnsafePointer<Element>) -> Stretch {
        stretch(Double(corner[1]), Double(corner[3]), bins: attributes.height)
    }

    private func stretch(_ start: Double, _ end: Double, bins: Int) -> Stretch {
        let scale = Double(attributes.scale)
        let shift = attributes.coordinates == .halfPixel ? 0.5 : 0
        var length = (end - start) * scale
        // The older rule knows no region smaller than a cell.
        if attributes.coordinates == .outputHalfPixel { length = max(length, 1) }
        let bin = length / Double(bins)
        let count = attributes.samples > 0 ? Double(attributes.samples) : bin.rounded(.up)
        let isCountable = count.isFinite && count <= RegionAlignmentKernel.sampleLimit
        return Stretch(start: start * scale - shift, bin: bin, samples: isCountable ? max(Int(count), 0) : -1)
    }

    private func isSane(_ stretch: Stretch) -> Bool {
        stretch.samples >= 0 && stretch.start.isFinite && stretch.bin.isFinite
    }

    private func bin(
        _ plane: UnsafePointer<Element>, _ row: Int, _ column: Int, _ x: Stretch, _ y: Stretch
    ) -> Double {
        var result: Double?
        for sampleRow in 0..<y.samples {
            let place = y.start + (Double(row) + (Double(sampleRow) + 0.5) / Double(y.samples)) * y.bin
            for sampleColumn in 0..<x.samples {
                let across = x.start + (Double(column) + (Double(sampleColumn) + 0.5) / Double(x.samples)) * x.bin
                let value = sample(plane, place, across)
                switch attributes.mode {
                case .average: result = (result ?? 0) + value
                case .maximum: result = max(result ?? value, value)
                }
            }
        }
        let count = attributes.mode == .average ? Double(max(x.samples * y.samples, 1)) : 1
        return (result ?? 0) / count
    }

    /// Between four cells: their weighted sum, or for the maximum the largest share, as the standard's reference has it.
    private func sample(_ plane: UnsafePointer<Element>, _ y: Double, _ x: Double) -> Double {
        let (height, width) = (maps[2], maps[3])
        guard y >= -1, y <= Double(height), x >= -1, x <= Double(width) else { return 0 }
        let (top, bottom, down) = neighbours(y, height)
        let (left, right, across) = neighbours(x, width)
        let shares = (
            (1 - down) * (1 - across) * Double(plane[top * width + left]),
            (1 - down) * across * Double(plane[top * width + right]),
            down * (1 - across) * Double(plane[bottom * width + left]),
            down * across * Double(plane[bottom * width + right])
        )
        if attributes.mode == .maximum { return max(max(shares.0, shares.1), max(shares.2, shares.3)) }
        return shares.0 + shares.1 + shares.2 + shares.3
    }

    private func neighbours(_ coordinate: Double, _ extent: Int) -> (lower: Int, upper: Int, ratio: Double) {
        let inside = max(coordinate, 0)
        let lower = Int(inside)
        if lower >= extent - 1 { return (extent - 1, extent - 1, 0) }
        return (lower, lower + 1, inside - Double(lower))
    }
}

extension RegionAlignment {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let attributes: RegionAlignment
            let maps: Shape
            let regions: Int
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(RegionAlignmentKernel<Element>(attributes: attributes, maps: maps, regions: regions))
            }
        }
        let maps = request.inputTypes[0]!
        guard maps.shape[2] > 0, maps.shape[3] > 0 else { throw KernelError("an empty map has no regions") }
        return try maps.dtype.acceptFloatingPoint(
            Visitor(attributes: self, maps: maps.shape, regions: request.inputTypes[1]!.shape[0]), for: operatorName)
    }
}
