internal import Graphs
internal import Tensors

/// The spatial axes of a sliding window over [batch, channels, spatial...], padded in front with axes of extent 1 to
/// three, so that one loop nest serves 0-, 1-, 2- and 3-D.
struct WindowAxes: Sendable {
    struct Axis: Sendable {
        var input = 1
        var output = 1
        var kernel = 1
        var stride = 1
        var dilation = 1
        var before = 0
        var after = 0

        /// The kernel cells that lie inside the input for an output index.
        @inline(__always)
        func taps(at output: Int) -> Range<Int> {
            let origin = output * stride - before
            // First and last cell with 0 <= origin + cell * dilation < input.
            let first = origin >= 0 ? 0 : (dilation - 1 - origin) / dilation
            let last = origin >= input ? 0 : min(kernel, (input - 1 - origin) / dilation + 1)
            return first < last ? first..<last : 0..<0
        }

        /// The kernel cells between the first and the last one that lies inside the input for any output index: wide
        /// dilation can leave some that only ever meet padding. All of them where no cell does.
        var usefulTaps: Range<Int> {
            let useful = (0..<kernel).filter { cell in
                // The outputs from the first one whose cell is not before the input.
                let shift = cell * dilation - before
                let output = shift >= 0 ? 0 : (stride - 1 - shift) / stride
                return output < self.output && output * stride + shift < input
            }
            return useful.isEmpty ? 0..<kernel : useful[0]..<useful[useful.count - 1] + 1
        }

        /// The same window over some of the kernel's cells.
        func keeping(_ taps: Range<Int>) -> Axis {
            var axis = self
            axis.kernel = taps.count
            axis.before = before - taps.lowerBound * dilation
            return axis
        }
    }

    var depth: Axis
    var height: Axis
    var width: Axis

    /// - Throws: `KernelError` for more than three spatial axes.
    init(
        input: Shape, output: Shape, kernel: [Int], strides: [Int], dilations: [Int], pads: [(before: Int, after: Int)]
    ) throws {
        let rank = kernel.count
        guard rank <= 3 else { throw KernelError("windows over \(rank) spatial axes; at most 3 can be computed") }
        var axes = [Axis](repeating: Axis(), count: 3 - rank)
        for axis in 0..<rank {
            axes.append(
                Axis(
                    input: input[axis + 2], output: output[axis + 2], kernel: kernel[axis], stride: strides[axis],
                    dilation: dilations[axis], before: pads[axis].before, after: pads[axis].after))
        }
        (depth, height, width) = (axes[0], axes[1], axes[2])
    }

    init(input: Shape, output: Shape, kernel: [Int], window: SpatialWindow) throws {
        try self.init(
            input: input, output: output, kernel: kernel, strides: window.strides, dilations: window.dilations,
            pads: kernel.indices.map { window.pads(input: input[$0 + 2], kernel: kernel[$0], axis: $0) })
    }

    var inputPlane: Int { depth.input * height.input * width.input }
    var outputPlane: Int { depth.output * height.output * width.output }
    var kernelCells: Int { depth.kernel * height.kernel * width.kernel }
}
