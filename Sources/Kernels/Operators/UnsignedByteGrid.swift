internal import CKernels

/// The 256 numbers that `DynamicQuantizeLinear` tells apart in a tensor; zero is one of them.
struct UnsignedByteGrid {
    let scale: Float
    let zero: UInt8

    init(lowest: Float, highest: Float) {
        scale = lowest == highest ? 1 : (highest - lowest) / 255
        let place = (-lowest / scale).rounded(.toNearestOrEven)
        zero = place >= 255 ? 255 : place > 0 ? UInt8(place) : 0
    }

    init(covering values: UnsafePointer<Float>, count: Int) {
        // Zero has to be among the numbers that can be represented.
        var (lowest, highest) = (Float(0), Float(0))
        mpk_range(values, &lowest, &highest, Int64(count))
        self.init(lowest: lowest, highest: highest)
    }

    /// Moves each value to the nearest number of the grid, in place.
    func round(_ values: UnsafeMutablePointer<Float>, count: Int) {
        for index in 0..<count {
            let place = (values[index] / scale).rounded(.toNearestOrEven) + Float(zero)
            values[index] = (min(max(place, 0), 255) - Float(zero)) * scale
        }
    }
}
