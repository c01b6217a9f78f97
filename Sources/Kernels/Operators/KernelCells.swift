internal import Tensors

/// A box of a convolution kernel's cells: those that meet the input anywhere. With dilation as wide as the map, as in
/// pyramids of dilated convolutions, all but the middle one only ever meet padding.
struct KernelCells: CustomStringConvertible {
    private let axes: WindowAxes

    init(of axes: WindowAxes) { self.axes = axes }

    private var kept: (depth: Range<Int>, height: Range<Int>, width: Range<Int>) {
        (axes.depth.usefulTaps, axes.height.usefulTaps, axes.width.usefulTaps)
    }

    var areAll: Bool { keptAxes.kernelCells == axes.kernelCells }

    /// The window over the kept cells alone.
    var keptAxes: WindowAxes {
        var axes = axes
        axes.depth = axes.depth.keeping(kept.depth)
        axes.height = axes.height.keeping(kept.height)
        axes.width = axes.width.keeping(kept.width)
        return axes
    }

    /// Names the box, for what is packed of it.
    var description: String { "cells \(kept.depth), \(kept.height), \(kept.width)" }

    /// Whole kernels of float32 one after another [count, kernelCells], without the cells that are left out.
    func kept(of weights: Tensor) -> Tensor {
        let source = weights.elements(of: Float.self)
        let box = kept
        var result: [Float] = []
        for kernel in stride(from: 0, to: source.count, by: axes.kernelCells) {
            for z in box.depth {
                for y in box.height {
                    let row = kernel + (z * axes.height.kernel + y) * axes.width.kernel
                    result += source[row + box.width.lowerBound..<row + box.width.upperBound]
                }
            }
        }
        return Tensor(result, shape: [result.count])
    }
}
