internal import CKernels
internal import Graphs
internal import Tensors

/// Convolution of 8-bit numbers: exact in int32, or with a bias, scaled and rounded back to 8 bits. The patches under a
/// panel of output cells are gathered once and multiplied with the weights of all output channels.
struct IntegerConvolutionKernel: Kernel {
    let parameters: IntegerParameters
    /// The operand that holds one int32 for each output channel; nil where the operator has none.
    let bias: Int?
    let window: mpk_integer_window
    let batch: Int
    let inChannels: Int
    let outChannels: Int
    let groups: Int
    let inputPlane: Int
    let outputPlane: Int
    let kernelCells: Int
    /// Weights as int16 rows where they are constant.
    let packed: Storage?
    /// nil for int32 sums.
    let target: DType?

    private static let panel = Int(MPK_INTEGER_PANEL)
    private static let rowsOfTile = Int(MPK_INTEGER_ROWS)

    private var depth: Int { inChannels / groups * kernelCells }
    private var rowLength: Int { Int(mpk_integer_row_length(Int64(depth))) }
    private var panels: Int { (outputPlane + Self.panel - 1) / Self.panel }

    var absorbedOperands: Set<Int> { packed == nil ? [] : [parameters.places.right] }

    /// A panel of patches, and a tile of sums.
    var scratchByteCount: Int {
        rowLength * Self.panel * MemoryLayout<Int16>.stride + Self.rowsOfTile * Self.panel * MemoryLayout<Int32>.stride
    }

    /// A row for each output channel.
    private static func pack(_ source: UnsafeRawPointer, _ type: TensorType, zeros: [Int32]) -> Storage {
        let rows = type.shape[0]
        let depth = type.shape.elementCount / max(rows, 1)
        let length = Int(mpk_integer_row_length(Int64(depth)))
        let storage = Storage(byteCount: rows * length * MemoryLayout<Int16>.stride)
        let destination = storage.pointer.assumingMemoryBound(to: Int16.self)
        for row in 0..<rows {
            mpk_integer_pack_row(
                type.dtype.integerCode!, source + row * depth, zeros[zeros.count == 1 ? 0 : row],
                destination + row * length, Int64(depth))
        }
        return storage
    }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let input = operands.inputs[0]!
        let inputCode = parameters.inputTypes[0]!.dtype.integerCode!
        let inputZero = parameters.leftZeros(operands)[0]
        let rowsInMemory = packed ?? parameters.packedRight(operands, IntegerConvolutionKernel.pack)
        let weights = rowsInMemory.pointer.assumingMemoryBound(to: Int16.self)
        let factors = IntegerParameters.factors(
            parameters.leftScales(operands), parameters.rightScales(operands), parameters.resultScale(operands))
        let resultZero = parameters.resultZero(operands)
        let bias = bias.flatMap { operands.optionalInput($0, as: Int32.self) }
        let groupInputs = inChannels / groups
        let groupOutputs = outChannels / groups
        let window = window
        context.parallel(batch * groups * panels) { task, scratch in
            let (image, group, cell) = (
                task / (groups * panels), task / panels % groups, task % panels * Self.panel
            )
            let count = min(Self.panel, outputPlane - cell)
            let patches = scratch.assumingMemoryBound(to: Int16.self)
            let sums = (scratch + rowLength * Self.panel * MemoryLayout<Int16>.stride)
                .assumingMemoryBound(to: Int32.self)
            withUnsafePointer(to: window) { window in
                mpk_integer_pack_patches(
                    inputCode, window, input + (image * inChannels + group * groupInputs) * inputPlane,
                    Int64(groupInputs), inputZero, Int64(cell), patches)
            }
            for tile in stride(from: 0, to: groupOutputs, by: Self.rowsOfTile) {
                let height = min(Self.rowsOfTile, groupOutputs - tile)
                let first = group * groupOutputs + tile
                mpk_integer_product(weights + first * rowLength, Int64(height), Int64(rowLength), patches, sums)
                for row in 0..<height {
                    let channel = first + row
                    let start = (image * outChannels + channel) * outputPlane + cell
                    let from = sums + row * Self.panel
                    if let bias { for index in 0..<count { from[index] &+= bias[channel] } }
                    guard let target else {
                        operands.output(0, as: Int32.self).advanced(by: start).update(from: from, count: count)
                        continue
                    }
                    factors.withUnsafeBufferPointer { factors in
                        mpk_integer_requantize(
                            from, factors.baseAddress! + (factors.count == 1 ? 0 : channel), 0, resultZero,
                            target.integerCode!, operands.outputs[0]! + start, Int64(count))
                    }
                }
            }
        }
        withExtendedLifetime(rowsInMemory) {}
    }

    static func make(
        _ request: KernelRequest, window: SpatialWindow, groups: Int, places: IntegerParameters.Places, bias: Int?,
        target: DType?
    ) throws -> any Kernel {
        let parameters = IntegerParameters(places: places, inputTypes: request.inputTypes)
        let input = request.inputTypes[0]!.shape
        let weights = request.inputTypes[places.right]!
        let output = request.outputTypes[0].shape
        let axes = try WindowAxes(
            input: input, output: output, kernel: Array(weights.shape.dimensions.dropFirst(2)), window: window)
        func each(_ member: (WindowAxes.Axis) -> Int) -> (Int64, Int64, Int64) {
            (Int64(member(axes.depth)), Int64(member(axes.height)), Int64(member(axes.width)))
        }
        return IntegerConvolutionKernel(
            parameters: parameters, bias: bias,
            window: mpk_integer_window(
                in: each(\.input), out: each(\.output), kernel: each(\.kernel), stride: each(\.stride),
                dilation: each(\.dilation), before: each(\.before)),
            batch: input[0], inChannels: input[1], outChannels: output[1], groups: groups,
            inputPlane: axes.inputPlane, outputPlane: axes.outputPlane, kernelCells: axes.kernelCells,
            packed: try parameters.packedRight(request, pack), target: target)
    }
}

extension ConvInteger {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        try IntegerConvolutionKernel.make(
            request, window: window, groups: groups, places: .exact, bias: nil, target: nil)
    }
}

extension QLinearConv {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        try IntegerConvolutionKernel.make(
            request, window: window, groups: groups, places: .rounded, bias: 8, target: request.outputTypes[0].dtype)
    }
}
