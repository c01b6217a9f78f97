internal import Graphs
internal import Tensors

/// Adds up overlapping blocks, one plane of the result in each task.
struct ColumnsToImageKernel<Element: NumericElement>: Kernel {
    let planes: Int
    let image: [Int]
    let block: [Int]
    let positions: [Int]
    let window: SpatialWindow
    let before: [Int]

    var absorbedOperands: Set<Int> { [1, 2] }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let columns = operands.input(0, as: Element.self)  // [planes, cells, places]
        let result = operands.output(0, as: Element.self)  // [planes, image...]
        let cells = block.reduce(1, *)
        let places = positions.reduce(1, *)
        let area = image.reduce(1, *)
        context.parallel(planes) { plane, _ in
            let target = result + plane * area
            target.update(repeating: .zero, count: area)
            for cell in 0..<cells {
                let source = columns + (plane * cells + cell) * places
                for place in 0..<places {
                    guard let index = site(ofCell: cell, place: place) else { continue }
                    target[index] = .plus(target[index], source[place])
                }
            }
        }
    }

    /// Where in the image a cell of the block at a place lies; nil in the padding.
    private func site(ofCell cell: Int, place: Int) -> Int? {
        var (cell, place) = (cell, place)
        var index = 0
        var step = 1
        for axis in stride(from: image.count - 1, through: 0, by: -1) {
            let coordinate =
                place % positions[axis] * window.strides[axis] + cell % block[axis] * window.dilations[axis]
                - before[axis]
            guard coordinate >= 0, coordinate < image[axis] else { return nil }
            index += coordinate * step
            step *= image[axis]
            cell /= block[axis]
            place /= positions[axis]
        }
        return index
    }
}

extension ColumnsToImage {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: ElementVisitor {
            let planes: Int
            let layout: (image: [Int], block: [Int], window: SpatialWindow, positions: [Int])
            func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
                let pads = layout.image.indices.map {
                    layout.window.pads(input: layout.image[$0], kernel: layout.block[$0], axis: $0).before
                }
                return SpecializedKernel.make(
                    ColumnsToImageKernel<Element>(
                        planes: planes, image: layout.image, block: layout.block, positions: layout.positions,
                        window: layout.window, before: pads), for: Element.self)
            }
        }
        let output = request.outputTypes[0].shape
        return try request.inputTypes[0]!.dtype.accept(
            Visitor(planes: output[0] * output[1], layout: layout(of: request.operands())))
    }
}
