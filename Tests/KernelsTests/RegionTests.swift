import Graphs
import Tensors
import Testing

@testable import Kernels

/// Pools over regions, and convolutions whose cells move.
@Suite struct RegionTests {
    /// Rows and columns of a map whose cells hold 10 * row + column.
    private static let map = Tensor((0..<36).map { Float($0 / 6 * 10 + $0 % 6) }, shape: [1, 1, 6, 6])

    @Test func maximaOfRegions() throws {
        let operation = Operation.regionPooling(RegionPooling(height: 2, width: 2, scale: 0.5))
        // Corners 2 and 8 become the cells 1 and 4: four a side, two for each bin.
        let inside = Tensor([Float(0), 2, 2, 8, 8], shape: [1, 5])
        #expect(try KernelRunner.runOnThreads(operation, [Self.map, inside])[0].elements() == [Float(22), 24, 42, 44])
        // Bins outside of the map are 0, and a region is a cell at least.
        let outside = Tensor([Float(0), 20, 0, 30, 4], shape: [1, 5])
        #expect(try KernelRunner.run(operation, [Self.map, outside])[0].elements() == [Float(0), 0, 0, 0])
        let single = Tensor([Float(0), 6, 4, 6, 4], shape: [1, 5])
        #expect(try KernelRunner.run(operation, [Self.map, single])[0].elements() == [Float](repeating: 23, count: 4))
        for bad in [[Float(1), 0, 0, 1, 1], [-1, 0, 0, 1, 1], [.nan, 0, 0, 1, 1], [0, .infinity, 0, 1, 1]] {
            #expect(throws: KernelError.self) {
                try KernelRunner.run(operation, [Self.map, Tensor(bad, shape: [1, 5])])
            }
        }
    }

    @Test func averagesBetweenCells() throws {
        // A plane is its own interpolation: the average of a bin is the value in its middle.
        let operation = Operation.regionAlignment(RegionAlignment(height: 1, width: 2, samples: 2))
        let region = Tensor([Float(1), 1, 5, 3], shape: [1, 4])
        let result: [Float] = try KernelRunner.runOnThreads(
            operation, [Self.map, region, Tensor([Int64(0)])])[0].elements()
        expectClose(result, [15 + 1.5, 15 + 3.5], "bins of 2 x 2 cells")
        for (bad, image) in [
            ([Float.nan, 0, 1, 1], 0), ([0, 0, .infinity, 1], 0), ([0, 0, 1, 1], 1), ([0, 0, 1, 1], -1),
        ] {
            #expect(throws: KernelError.self) {
                try KernelRunner.run(
                    operation, [Self.map, Tensor(bad, shape: [1, 4]), Tensor([Int64(image)])])
            }
        }
    }

    /// Regions of all sizes, also outside of their map, against the sums that the standard writes down.
    @Test(arguments: 0..<24)
    func regionsAgreeWithTheDefinition(seed: Int) throws {
        var random = SeededGenerator(UInt64(seed) + 400)
        let (channels, rows, columns) = (seed % 6 == 0 ? 67 : 3, random.integer(3...9), random.integer(3...9))
        let attributes = RegionAlignment(
            height: random.integer(1...4), width: random.integer(1...5), mode: seed % 4 == 3 ? .maximum : .average,
            coordinates: seed % 2 == 0 ? .halfPixel : .outputHalfPixel, samples: random.integer(0...3), scale: 0.5)
        let maps = random.floats([2, channels, rows, columns])
        let count = 4
        let corners = (0..<count).flatMap { _ -> [Float] in
            let (x, y) = (Float.random(in: -4...14, using: &random), Float.random(in: -4...14, using: &random))
            return [x, y, x + .random(in: 0...12, using: &random), y + .random(in: 0...12, using: &random)]
        }
        let images = (0..<count).map { _ in Int64(random.integer(0...1)) }
        let operands = [maps, Tensor(corners, shape: [count, 4]), Tensor(images)]
        let result = try KernelRunner.runOnThreads(.regionAlignment(attributes), operands)[0]
        let values: [Float] = maps.elements()
        let shift = attributes.coordinates == .halfPixel ? 0.5 : 0
        let expected = indices(of: [count, channels, attributes.height, attributes.width]).map { place -> Float in
            let corner = corners[place[0] * 4..<place[0] * 4 + 4].map { Double($0) * 0.5 }
            func side(_ start: Double, _ end: Double, _ bins: Int) -> (bin: Double, samples: Int) {
                let length = attributes.coordinates == .halfPixel ? end - start : max(end - start, 1)
                let bin = length / Double(bins)
                return (bin, attributes.samples > 0 ? attributes.samples : Int(bin.rounded(.up)))
            }
            let across = side(corner[0], corner[2], attributes.width)
            let down = side(corner[1], corner[3], attributes.height)
            func value(_ row: Int, _ column: Int) -> Double {
                let cell = [Int(images[place[0]]), place[1], min(row, rows - 1), min(column, columns - 1)]
                return Double(values[offset(cell, [2, channels, rows, columns])])
            }
            var parts: [[Double]] = []
            for sampleRow in 0..<down.samples {
                for sampleColumn in 0..<across.samples {
                    let steps = (
                        (Double(sampleRow) + 0.5) / Double(down.samples),
                        (Double(sampleColumn) + 0.5) / Double(across.samples)
                    )
                    var y = corner[1] - shift + (Double(place[2]) + steps.0) * down.bin
                    var x = corner[0] - shift + (Double(place[3]) + steps.1) * across.bin
                    if y < -1 || x < -1 || y > Double(rows) || x > Double(columns) {
                        parts.append([0])
                        continue
                    }
                    (y, x) = (min(max(y, 0), Double(rows - 1)), min(max(x, 0), Double(columns - 1)))
                    let (row, column) = (Int(y), Int(x))
                    let (below, right) = (y - Double(row), x - Double(column))
                    parts.append([
                        (1 - below) * (1 - right) * value(row, column),
                        (1 - below) * right * value(row, column + 1),
                        below * (1 - right) * value(row + 1, column), below * right * value(row + 1, column + 1),
                    ])
                }
            }
            if attributes.mode == .maximum { return Float(parts.joined().max() ?? 0) }
            return Float(parts.joined().reduce(0, +) / Double(max(parts.count, 1)))
        }
        expectClose(result.elements(), expected, "seed \(seed), \(attributes)")
    }

    /// Without offsets it is a convolution; with an offset of one cell everywhere it is that of the moved map.
    @Test(arguments: [0, 1]) func deformedByWholeCells(shift: Int) throws {
        var random = SeededGenerator(8)
        let input = random.floats([2, 4, 7, 6])
        let weights = random.floats([6, 2, 3, 2])
        let bias = random.floats([6])
        var window = SpatialWindow(
            strides: [2, 1], dilations: [1, 2], padding: .explicit(before: [1, 0], after: [1, 1]))
        let attributes = DeformableConvolution(window: window, groups: 2, offsetGroups: 2)
        let places = [4, 5]
        let cells = 6
        // Down by `shift` rows, not at all to the side.
        let offsets = (0..<(2 * 2 * cells * 2 * places[0] * places[1])).map { index in
            Float(index / (places[0] * places[1]) % 2 == 0 ? shift : 0)
        }
        let result = try KernelRunner.runOnThreads(
            .deformableConvolution(attributes),
            [input, weights, Tensor(offsets, shape: [2, 2 * cells * 2, places[0], places[1]]), bias])[0]
        window.padding = .explicit(before: [1 - shift, 0], after: [1 + shift, 1])
        let expected = try KernelRunner.run(
            .convolution(Convolution(window: window, groups: 2)), [input, weights, bias], constants: [1, 2])[0]
        expectClose(result.elements(), expected.elements(), "moved by \(shift)")
    }

    @Test func columnsOfAConvolution() throws {
        // Each cell of an image lies in as many blocks as there are: ones add up to those numbers.
        let attributes = ColumnsToImage(strides: [1, 2], dilations: [1, 1], pads: [0, 0, 0, 1])
        let columns = Tensor([Float](repeating: 1, count: 4 * 6), shape: [1, 4, 6])
        let result = try KernelRunner.run(
            .columnsToImage(attributes), [columns, Tensor([Int64(3), 5]), Tensor([Int64(2), 2])], constants: [1, 2])[0]
        #expect(result.shape.dimensions == [1, 1, 3, 5])
        #expect(result.elements() == [Float(1), 1, 1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1])
    }
}
