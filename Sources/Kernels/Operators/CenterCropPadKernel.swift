internal import Graphs
internal import Tensors

extension CenterCropPad {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let output = request.outputTypes[0].shape
        let tables = (0..<input.shape.rank).map { axis in
            let (from, to) = (input.shape[axis], output[axis])
            let shift = shift(from: from, to: to)
            return (0..<to).map { $0 + shift >= 0 && $0 + shift < from ? $0 + shift : -1 }
        }
        return AxisMapsKernel(
            maps: AxisMaps(input: input.shape, maps: tables, elementByteCount: input.dtype.byteCount), fillOperand: nil)
    }
}
