internal import Graphs

/// Where the cells of one resized axis come from.
struct ResizeAxis {
    let resize: Resize
    let input: Int
    let output: Int
    let scale: Float
    /// The part of the axis that `cropAndResize` takes, in units of its length.
    let region: (start: Float, end: Float)

    /// Whether each cell comes from the one with its own index.
    var isIdentity: Bool { input == output && scale == 1 && resize.coordinates != .cropAndResize }

    /// The input coordinate of an output index; in float32, as ONNX Runtime has it: ties of nearest neighbours depend
    /// on the rounding.
    private func coordinate(_ index: Int) -> Float {
        let x = Float(index)
        let length = Float(input)
        var width = scale * length
        // The formulas have the unrounded extent; where only the rounding of the scale keeps it from the true one,
        // the latter is meant.
        if abs(width - Float(output)) < 1e-4 * max(width, 1) { width = Float(output) }
        switch resize.coordinates {
        case .halfPixel: return (x + 0.5) / scale - 0.5
        case .halfPixelSymmetric:
            let adjustment = Float(output) / width
            return length / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
        case .pytorchHalfPixel: return output > 1 ? (x + 0.5) / scale - 0.5 : -0.5
        case .alignCorners: return width <= 1 || output == 1 ? 0 : x * (length - 1) / (width - 1)
        case .asymmetric: return x / scale
        case .tfHalfPixelForNearest: return (x + 0.5) / scale
        case .cropAndResize:
            let (start, end) = region
            return output > 1
                ? start * (length - 1) + x * (end - start) * (length - 1) / (width - 1)
                : (start + end) * (length - 1) / 2
        }
    }

    private func isOutside(_ coordinate: Float) -> Bool {
        resize.coordinates == .cropAndResize && (coordinate < 0 || coordinate > Float(input - 1))
    }

    /// The input index of each output index, -1 for one outside the region.
    func nearest() -> [Int] {
        (0..<output).map { index in
            let x = coordinate(index)
            if isOutside(x) { return -1 }
            let rounded: Float
            switch resize.rounding {
            case .preferFloor: rounded = (x - 0.5).rounded(.up)
            case .preferCeiling: rounded = (x + 0.5).rounded(.down)
            case .floor: rounded = x.rounded(.down)
            case .ceiling: rounded = x.rounded(.up)
            case .floorGrowing: rounded = x.rounded(scale < 1 ? .up : .down)
            }
            return clamped(rounded)
        }
    }

    /// The input indices and weights of each output index, `count` each; an output index outside the region has none.
    struct Taps: Sendable {
        var count: Int
        /// [output, count]
        var indices: [Int]
        var weights: [Float]
        /// [output]
        var isOutside: [Bool]
    }

    func taps() -> Taps {
        // An antialiasing filter is as much wider as the image becomes smaller.
        let shrink = resize.antialias ? min(Double(scale), 1) : 1
        let radius = resize.mode == .cubic ? 2.0 : 1.0
        let first = Int((-radius / shrink).rounded(.down)) + 1
        let count = 2 - 2 * first
        var taps = Taps(count: count, indices: [], weights: [], isOutside: [])
        for index in 0..<output {
            let x = coordinate(index)
            taps.isOutside.append(isOutside(x))
            let base = x.rounded(.down)
            let ratio = Double(x - base)
            var weights = (first..<(first + count)).map { weight((Double($0) - ratio) * shrink) }
            if shrink < 1 { normalize(&weights) }
            if resize.excludesOutside {
                for tap in weights.indices {
                    let position = base + Float(first + tap)
                    if position < 0 || position >= Float(input) { weights[tap] = 0 }
                }
                normalize(&weights)
            }
            taps.weights += weights.map(Float.init)
            taps.indices += (first..<(first + count)).map { clamped(base + Float($0)) }
        }
        return taps
    }

    private func normalize(_ weights: inout [Double]) {
        let sum = weights.reduce(0, +)
        if sum != 0 { for index in weights.indices { weights[index] /= sum } }
    }

    private func clamped(_ position: Float) -> Int {
        // Also for NaN and numbers that no Int holds.
        guard position > 0 else { return 0 }
        return position >= Float(input - 1) ? max(input - 1, 0) : Int(position)
    }

    /// The filter at a distance in cells.
    private func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        guard resize.mode == .cubic else { return max(0, 1 - x) }
        let a = Double(resize.cubicCoefficient)
        if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
    }
}
