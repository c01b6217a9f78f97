internal import Graphs
internal import Tensors

/// Pools regions of feature maps through samples between cells.
struct RegionAlignmentKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    /// A stretch of a region along one axis, in cells.
    private struct Stretch {
        let start: Double
        let bin: Double
        let samples: Int

        /// Where one of a bin's samples lies.
        @inline(__always)
        func place(_ index: Int, _ sample: Int) -> Double {
            start + (Double(index) + (Double(sample) + 0.5) / Double(samples)) * bin
        }
    }

    let attributes: RegionAlignment
    let maps: Shape
    let regions: Int

    /// Samples along one side of a bin past which a region is invalid.
    private static var sampleLimit: Double { 16384 }
    /// Samples along one side of a region, whose places are found before the maps are read.
    private static var placeLimit: Int { 1 << 22 }

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
            let samples = [
                (horizontal(corners + 4 * region), attributes.width),
                (vertical(corners + 4 * region), attributes.height),
            ]
            for (side, bins) in samples where side.samples.multipliedReportingOverflow(by: bins).0 > Self.placeLimit {
                throw KernelError("region \(region) has more than \(Self.placeLimit) samples along one side")
            }
        }
        let channels = maps[1]
        let blocks = (channels + Self.channelBlock - 1) / Self.channelBlock
        context.parallel(regions * blocks) { task, _ in
            let region = task / blocks
            let first = task % blocks * Self.channelBlock
            let (x, y) = (horizontal(corners + 4 * region), vertical(corners + 4 * region))
            let planes = source + Int(images[region]) * channels * maps[2] * maps[3]
            if attributes.mode == .average {
                averages(planes, first..<min(first + Self.channelBlock, channels), x, y, result, region)
            } else {
                for channel in first..<min(first + Self.channelBlock, channels) {
                    maxima(
                        planes + channel * maps[2] * maps[3], x, y,
                        result + (region * channels + channel) * attributes.height * attributes.width)
                }
            }
        }
    }

    /// Channels that share the places and weights of a region's samples.
    private static var channelBlock: Int { 64 }

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
        // In the older rule no region is smaller than a cell.
        if attributes.coordinates == .outputHalfPixel { length = max(length, 1) }
        let bin = length / Double(bins)
        let count = attributes.samples > 0 ? Double(attributes.samples) : bin.rounded(.up)
        let isCountable = count.isFinite && count <= RegionAlignmentKernel.sampleLimit
        return Stretch(start: start * scale - shift, bin: bin, samples: isCountable ? max(Int(count), 0) : -1)
    }

    private func isSane(_ stretch: Stretch) -> Bool {
        stretch.samples >= 0 && stretch.start.isFinite && stretch.bin.isFinite
    }

    /// The largest share of any cell around any sample, for each bin of one channel: plane [height, width], result
    /// [bins down, bins across].
    private func maxima(
        _ plane: UnsafePointer<Element>, _ x: Stretch, _ y: Stretch, _ result: UnsafeMutablePointer<Element>
    ) {
        for row in 0..<attributes.height {
            for column in 0..<attributes.width {
                var largest: Double?
                for sampleRow in 0..<y.samples {
                    let down = y.place(row, sampleRow)
                    for sampleColumn in 0..<x.samples {
                        let value = sample(plane, down, x.place(column, sampleColumn))
                        largest = max(largest ?? value, value)
                    }
                }
                result[row * attributes.width + column] = Element(largest ?? 0)
            }
        }
    }

    /// A cell that a bin averages over, and its weight.
    private struct Tap {
        let cell: Int
        let weight: Element
    }

    /// The averages of a region's bins for some channels: planes [channels, height, width] of the region's image.
    ///
    /// The weights of a bin are products of those across and those down, so that a row of the map is summed across for
    /// all bins at once. The last rows are kept: the samples of neighbouring bins meet them again.
    private func averages(
        _ planes: UnsafePointer<Element>, _ channels: Range<Int>, _ x: Stretch, _ y: Stretch,
        _ result: UnsafeMutablePointer<Element>, _ region: Int
    ) {
        let (height, width) = (attributes.height, attributes.width)
        let keptRows = 4
        // For each bin two taps for each of its samples, and how many there are.
        let (across, down) = (2 * x.samples, 2 * y.samples)
        withUnsafeTemporaryAllocation(of: Tap.self, capacity: max(1, width * across + height * down)) { taps in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: width + height + keptRows) { counts in
                withUnsafeTemporaryAllocation(of: Element.self, capacity: max(1, keptRows * width)) { rows in
                    let (tapsAcross, tapsDown) = (taps.baseAddress!, taps.baseAddress! + width * across)
                    let (countsAcross, countsDown) = (counts.baseAddress!, counts.baseAddress! + width)
                    let held = countsDown + height
                    let rows = rows.baseAddress!
                    find(tapsAcross, countsAcross, bins: width, x, extent: maps[3])
                    find(tapsDown, countsDown, bins: height, y, extent: maps[2])
                    for channel in channels {
                        let plane = planes + channel * maps[2] * maps[3]
                        for slot in 0..<keptRows { held[slot] = -1 }
                        for bin in 0..<height {
                            let line = result + ((region * maps[1] + channel) * height + bin) * width
                            line.update(repeating: .zero, count: width)
                            for step in 0..<countsDown[bin] {
                                let tap = tapsDown[bin * down + step]
                                let row = rows + tap.cell % keptRows * width
                                if held[tap.cell % keptRows] != tap.cell {
                                    held[tap.cell % keptRows] = tap.cell
                                    let cells = plane + tap.cell * maps[3]
                                    for column in 0..<width {
                                        var sum = Element.zero
                                        let first = tapsAcross + column * across
                                        for index in 0..<countsAcross[column] {
                                            sum += first[index].weight * cells[first[index].cell]
                                        }
                                        row[column] = sum
                                    }
                                }
                                for column in 0..<width { line[column] += tap.weight * row[column] }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The taps [bins, 2 * samples] of all bins along one axis, and how many each bin has. Samples outside have none.
    private func find(
        _ taps: UnsafeMutablePointer<Tap>, _ counts: UnsafeMutablePointer<Int>, bins: Int, _ stretch: Stretch,
        extent: Int
    ) {
        for bin in 0..<bins {
            var tap = taps + bin * 2 * stretch.samples
            counts[bin] = 0
            for sample in 0..<stretch.samples {
                let place = stretch.place(bin, sample)
                guard place >= -1, place <= Double(extent) else { continue }
                let (lower, upper, ratio) = neighbours(place, extent)
                let count = Double(stretch.samples)
                tap.initialize(to: Tap(cell: lower, weight: Element((1 - ratio) / count)))
                (tap + 1).initialize(to: Tap(cell: upper, weight: Element(ratio / count)))
                tap += 2
                counts[bin] += 2
            }
        }
    }

    /// Between four cells: the largest share, as the standard's reference has it.
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
        return max(max(shares.0, shares.1), max(shares.2, shares.3))
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
