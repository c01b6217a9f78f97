internal import Graphs
internal import Tensors

extension ONNXNode {
    /// The sliding window of a convolution or a pool over `rank` spatial axes.
    func window(rank: Int) throws(ConversionError) -> SpatialWindow {
        func perAxis(_ name: String) throws(ConversionError) -> [Int] {
            guard let values = try ints(name) else { return [Int](repeating: 1, count: rank) }
            guard values.count == rank, values.allSatisfy({ $0 > 0 }) else {
                throw .malformed("\(name) \(values) must be \(rank) positive numbers")
            }
            return values
        }
        let pads = try ints("pads")
        let automatic = try string("auto_pad") ?? "NOTSET"
        let padding: SpatialWindow.Padding
        switch automatic {
        case "NOTSET":
            let pads = pads ?? [Int](repeating: 0, count: 2 * rank)
            guard pads.count == 2 * rank else {
                throw .malformed("pads \(pads) must be \(2 * rank) numbers, before and after each axis")
            }
            padding = .explicit(before: Array(pads[..<rank]), after: Array(pads[rank...]))
        case "VALID":
            let zeros = [Int](repeating: 0, count: rank)
            padding = .explicit(before: zeros, after: zeros)
        case "SAME_UPPER": padding = .sameUpper
        case "SAME_LOWER": padding = .sameLower
        default: throw .malformed("auto_pad '\(automatic)' is none that ONNX defines")
        }
        return SpatialWindow(strides: try perAxis("strides"), dilations: try perAxis("dilations"), padding: padding)
    }

    /// The extents of a pool's window.
    func kernelShape() throws(ConversionError) -> [Int] {
        guard let kernel = try ints("kernel_shape") else { throw .malformed("the attribute 'kernel_shape' is missing") }
        guard kernel.allSatisfy({ $0 > 0 }), !kernel.isEmpty else {
            throw .malformed("kernel_shape \(kernel) must be positive numbers")
        }
        return kernel
    }

    /// The count of spatial axes of a convolution, whose kernel's shape may be left to the weights.
    func spatialRank(weights: ValueID, _ assembly: GraphAssembly) throws(ConversionError) -> Int {
        let shape = assembly.type(ofConstant: weights)?.shape
        if let kernel = try ints("kernel_shape") {
            if let shape, shape.rank < 3 || Array(shape.dimensions.dropFirst(2)) != kernel {
                throw .malformed("kernel_shape \(kernel) contradicts the weights \(shape)")
            }
            return kernel.count
        }
        if let rank = shape?.rank ?? assembly.ranks[weights] {
            guard rank >= 3 else { throw .malformed("weights of \(rank) axes; at least 3 are needed") }
            return rank - 2
        }
        if let strides = try ints("strides") { return strides.count }
        throw .inexpressible("with a kernel of unknown rank")
    }
}
