internal import CKernels
internal import Graphs
internal import Tensors

/// The product of 8-bit matrices: exact in int32, or scaled and rounded back to 8 bits.
///
/// A task computes a few rows of a few panels of columns. Small arrays of scales and zero points are made in each run.
struct IntegerProductKernel: Kernel {
    let parameters: IntegerParameters
    let rows: Int
    let depth: Int
    let columns: Int
    /// Rows that share a zero point and a scale with none of their neighbours: those of one matrix of the operand.
    let rowPeriod: Int
    /// Where each matrix of the batch starts in A and B, in elements.
    let left: OuterAxes
    let right: OuterAxes
    /// B as panels where it is constant.
    let packed: Storage?
    /// nil for int32 sums.
    let target: DType?

    private static let panel = Int(MPK_INTEGER_PANEL)
    private static let rowsOfTile = Int(MPK_INTEGER_ROWS)
    /// Tiles of rows, and panels, of one task.
    private static let tilesOfTask = 4
    private static let panelsOfTask = 8

    private var rowLength: Int { Int(mpk_integer_row_length(Int64(depth))) }
    private var panels: Int { (columns + Self.panel - 1) / Self.panel }
    private var panelLength: Int { rowLength * Self.panel }

    var absorbedOperands: Set<Int> { packed == nil ? [] : [parameters.places.right] }

    /// Rows of A as int16, and a tile of sums.
    var scratchByteCount: Int {
        (Self.tilesOfTask * Self.rowsOfTile * rowLength * MemoryLayout<Int16>.stride + 63) & ~63
            + Self.rowsOfTile * Self.panel * MemoryLayout<Int32>.stride
    }

    /// All panels of the matrices that B holds.
    private static func pack(
        _ source: UnsafeRawPointer, _ type: TensorType, depth: Int, columns: Int, zeros: [Int32]
    ) -> Storage {
        let panels = (columns + panel - 1) / panel
        let length = Int(mpk_integer_row_length(Int64(depth))) * panel
        let matrices = depth * columns == 0 ? 0 : type.shape.elementCount / (depth * columns)
        let storage = Storage(byteCount: matrices * panels * length * MemoryLayout<Int16>.stride)
        let destination = storage.pointer.assumingMemoryBound(to: Int16.self)
        for index in 0..<matrices * panels {
            mpk_integer_pack_panel(
                type.dtype.integerCode!, source + index / panels * depth * columns, Int64(depth), Int64(columns),
                Int64(index % panels * panel), zeros, zeros.count == 1 ? 0 : 1, destination + index * length)
        }
        return storage
    }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.inputs[0]!
        let sourceCode = parameters.inputTypes[0]!.dtype.integerCode!
        let leftZeros = parameters.leftZeros(operands)
        let panelsInMemory =
            packed
            ?? parameters.packedRight(operands) {
                IntegerProductKernel.pack($0, $1, depth: depth, columns: columns, zeros: $2)
            }
        let rightPanels = panelsInMemory.pointer.assumingMemoryBound(to: Int16.self)
        let resultScale = parameters.resultScale(operands)
        let leftScales = parameters.leftScales(operands)
        let rightScales = parameters.rightScales(operands)
        let resultZero = parameters.resultZero(operands)
        // Rows of different scales have factors of their own, one row of columns after the other.
        let factors = leftScales.flatMap { IntegerParameters.factors([$0], rightScales, resultScale) }
        let factorStep = rightScales.count == 1 ? 0 : 1

        let rowsOfTask = Self.tilesOfTask * Self.rowsOfTile
        let rowGroups = (rows + rowsOfTask - 1) / rowsOfTask
        let panelGroups = (panels + Self.panelsOfTask - 1) / Self.panelsOfTask
        let matrixCount = max(depth * columns, 1)
        context.parallel(left.count * rowGroups * panelGroups) { task, scratch in
            let batch = task / (rowGroups * panelGroups)
            let firstRow = task / panelGroups % rowGroups * rowsOfTask
            let rowCount = min(rowsOfTask, rows - firstRow)
            let firstPanel = task % panelGroups * Self.panelsOfTask
            let packedRows = scratch.assumingMemoryBound(to: Int16.self)
            let sums = (scratch + scratchByteCount - Self.rowsOfTile * Self.panel * MemoryLayout<Int32>.stride)
                .assumingMemoryBound(to: Int32.self)
            for row in 0..<rowCount {
                let zero = leftZeros[leftZeros.count == 1 ? 0 : (firstRow + row) % rowPeriod]
                mpk_integer_pack_row(
                    sourceCode, source + left.offset(of: batch) + (firstRow + row) * depth, zero,
                    packedRows + row * rowLength, Int64(depth))
            }
            for panel in firstPanel..<min(firstPanel + Self.panelsOfTask, panels) {
                let column = panel * Self.panel
                let columnCount = min(Self.panel, columns - column)
                let weights = rightPanels + (right.offset(of: batch) / matrixCount * panels + panel) * panelLength
                for tile in stride(from: 0, to: rowCount, by: Self.rowsOfTile) {
                    let height = min(Self.rowsOfTile, rowCount - tile)
                    mpk_integer_product(
                        packedRows + tile * rowLength, Int64(height), Int64(rowLength), weights, sums)
                    for row in 0..<height {
                        let line = firstRow + tile + row
                        let start = (batch * rows + line) * columns + column
                        let from = sums + row * Self.panel
                        guard let target else {
                            operands.output(0, as: Int32.self).advanced(by: start).update(
                                from: from, count: columnCount)
                            continue
                        }
                        let scaleRow = leftScales.count == 1 ? 0 : line % rowPeriod * rightScales.count
                        factors.withUnsafeBufferPointer { factors in
                            mpk_integer_requantize(
                                from, factors.baseAddress! + scaleRow + column * factorStep, Int32(factorStep),
                                resultZero, target.integerCode!, operands.outputs[0]! + start, Int64(columnCount))
                        }
                    }
                }
            }
        }
        withExtendedLifetime(panelsInMemory) {}
    }

    static func make(
        _ request: KernelRequest, places: IntegerParameters.Places, target: DType?
    ) throws -> any Kernel {
        let parameters = IntegerParameters(places: places, inputTypes: request.inputTypes)
        let matrices = try MatrixBatch(request.inputTypes[0]!.shape, request.inputTypes[places.right]!.shape)
        let (depth, columns) = (matrices.inner, matrices.columns)
        let packed = try parameters.packedRight(request) {
            pack($0, $1, depth: depth, columns: columns, zeros: $2)
        }
        return IntegerProductKernel(
            parameters: parameters, rows: matrices.rows, depth: depth, columns: columns,
            rowPeriod: matrices.matrixRows, left: matrices.left, right: matrices.right, packed: packed, target: target)
    }
}

extension MatMulInteger {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        try IntegerProductKernel.make(request, places: .exact, target: nil)
    }
}

extension QLinearMatMul {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        try IntegerProductKernel.make(request, places: .rounded, target: request.outputTypes[0].dtype)
    }
}
