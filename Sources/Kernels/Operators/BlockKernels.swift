internal import Graphs
internal import Tensors

extension Tile {
    func kernel(_ request: KernelRequest) -> any Kernel {
        let input = request.inputTypes[0]!
        let output = request.outputTypes[0].shape
        var extents: [Int] = []
        var strides: [Int] = []
        for (axis, step) in input.shape.strides.enumerated() {
            // Each axis twice: the repeats, which do not move in the input, around the axis itself.
            extents += [input.shape[axis] == 0 ? 0 : output[axis] / input.shape[axis], input.shape[axis]]
            strides += [0, step]
        }
        return StridedCopyKernel(
            copy: StridedCopy(extents: extents, strides: strides, elementByteCount: input.dtype.byteCount))
    }
}

extension DepthToSpace {
    func kernel(_ request: KernelRequest) -> any Kernel {
        let input = request.inputTypes[0]!
        let (batch, height, width) = (input.shape[0], input.shape[2], input.shape[3])
        let channels = input.shape[1] / (blockSize * blockSize)
        let plane = height * width
        // The channel axis is [blockRow, blockColumn, channel] or [channel, blockRow, blockColumn].
        let rowStep = order == .depthFirst ? blockSize * channels * plane : blockSize * plane
        let columnStep = order == .depthFirst ? channels * plane : plane
        let channelStep = order == .depthFirst ? plane : blockSize * blockSize * plane
        return StridedCopyKernel(
            copy: StridedCopy(
                extents: [batch, channels, height, blockSize, width, blockSize],
                strides: [input.shape[1] * plane, channelStep, width, rowStep, 1, columnStep],
                elementByteCount: input.dtype.byteCount))
    }
}

extension SpaceToDepth {
    func kernel(_ request: KernelRequest) -> any Kernel {
        let input = request.inputTypes[0]!
        let (batch, channels) = (input.shape[0], input.shape[1])
        let (height, width) = (input.shape[2] / blockSize, input.shape[3] / blockSize)
        let line = input.shape[3]
        let plane = input.shape[2] * line
        let blocks = (extents: [blockSize, blockSize], strides: [line, 1])
        let channelAxis = (extents: [channels], strides: [plane])
        let outer = order == .depthFirst ? blocks : channelAxis
        let inner = order == .depthFirst ? channelAxis : blocks
        return StridedCopyKernel(
            copy: StridedCopy(
                extents: [batch] + outer.extents + inner.extents + [height, width],
                strides: [channels * plane] + outer.strides + inner.strides + [blockSize * line, blockSize],
                elementByteCount: input.dtype.byteCount))
    }
}
