internal import Graphs
internal import Tensors

/// The element types that matrices can be multiplied in.
protocol MatrixVisitor {
    func visit<Element: MatrixElement>(_ type: Element.Type) throws -> any Kernel
}

extension DType {
    func acceptMatrix<Visitor: MatrixVisitor>(_ visitor: Visitor, for name: String) throws -> any Kernel {
        switch self {
        case .float32: try visitor.visit(Float.self)
        case .float64: try visitor.visit(Double.self)
        case .int32: try visitor.visit(Int32.self)
        case .int64: try visitor.visit(Int64.self)
        case .uint32: try visitor.visit(UInt32.self)
        case .uint64: try visitor.visit(UInt64.self)
        default: throw KernelError("\(name) does not take \(self)")
        }
    }

    /// Whether `acceptMatrix` takes it.
    var hasMatrices: Bool {
        switch self {
        case .float32, .float64, .int32, .int64, .uint32, .uint64: true
        default: false
        }
    }

    /// The activation that a matrix kernel of this dtype can fuse.
    func fused(_ activation: Unary?) -> VectorisedFunction? {
        self == .float32 ? activation.flatMap(VectorisedFunction.init) : nil
    }
}

extension MatrixProduct {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: MatrixVisitor {
            let matrices: MatrixBatch
            /// Operands of the addends: a bias over the columns, a residual of the result's shape.
            let hasBias: Bool
            let hasResidual: Bool
            let activation: VectorisedFunction?

            func visit<Element: MatrixElement>(_: Element.Type) -> any Kernel {
                var addends: [MatrixKernel<Element>.Addend] = []
                if hasBias {
                    addends.append(.init(operand: 2, batchStride: 0, rowStride: 0, columnStride: 1, factor: 1))
                }
                if hasResidual {
                    let (rows, columns) = (matrices.rows, matrices.columns)
                    addends.append(
                        .init(
                            operand: 3, batchStride: rows * columns, rowStride: columns, columnStride: 1, factor: 1))
                }
                return SpecializedKernel(
                    MatrixKernel<Element>(
                        rows: matrices.rows, columns: matrices.columns, inner: matrices.inner, alpha: 1,
                        transposesLeft: false, transposesRight: false, left: matrices.left, right: matrices.right,
                        addends: addends, activation: activation))
            }
        }
        let left = request.inputTypes[0]!
        let matrices = try MatrixBatch(left.shape, request.inputTypes[1]!.shape)
        if left.dtype == .float32, matrices.isSingle,
            let kernel = try PackedLinearKernel.make(
                request, rows: matrices.rows, depth: matrices.inner, outFeatures: matrices.columns,
                areOutputMajor: false, factor: 1, bias: request.has(2) ? 2 : nil, residual: request.has(3) ? 3 : nil,
                activation: activation)
        {
            return kernel
        }
        let fused = left.dtype.fused(activation)
        let visitor = Visitor(
            matrices: matrices, hasBias: request.has(2), hasResidual: request.has(3), activation: fused)
        let kernel = try left.dtype.acceptMatrix(visitor, for: operatorName)
        return try ActivatedKernel.make(kernel, fused == nil ? activation : nil, request)
    }
}

extension Gemm {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: MatrixVisitor {
            let gemm: Gemm
            let output: Shape
            let inner: Int
            let addend: Shape?
            let activation: VectorisedFunction?

            func visit<Element: MatrixElement>(_: Element.Type) -> any Kernel {
                var addends: [MatrixKernel<Element>.Addend] = []
                if let addend, gemm.beta != 0 {
                    let shape = [Int](repeating: 1, count: 2 - addend.rank) + addend.dimensions
                    addends.append(
                        .init(
                            operand: 2, batchStride: 0, rowStride: shape[0] == 1 ? 0 : shape[1],
                            columnStride: shape[1] == 1 ? 0 : 1, factor: gemm.beta))
                }
                let single = OuterAxes(extents: [], strides: [])
                return SpecializedKernel(
                    MatrixKernel<Element>(
                        rows: output[0], columns: output[1], inner: inner, alpha: gemm.alpha,
                        transposesLeft: gemm.transposeA, transposesRight: gemm.transposeB, left: single, right: single,
                        addends: addends, activation: activation))
            }
        }
        let left = request.inputTypes[0]!
        if let kernel = try packedKernel(request) { return kernel }
        let fused = left.dtype.fused(activation)
        let visitor = Visitor(
            gemm: self, output: request.outputTypes[0].shape, inner: left.shape[transposeA ? 0 : 1],
            addend: request.inputType(2)?.shape, activation: fused)
        let kernel = try left.dtype.acceptMatrix(visitor, for: operatorName)
        return try ActivatedKernel.make(kernel, fused == nil ? activation : nil, request)
    }

    /// nil where the weights are not constant, or C is neither a row nor a whole matrix.
    private func packedKernel(_ request: KernelRequest) throws -> (any Kernel)? {
        let left = request.inputTypes[0]!
        let output = request.outputTypes[0].shape
        let addend = beta == 0 ? nil : request.inputType(2)?.shape.dimensions
        let isRow = addend == [output[1]] || addend == [1, output[1]]
        guard left.dtype == .float32, !transposeA,
            addend == nil || (beta == 1 && (isRow || addend == output.dimensions))
        else { return nil }
        return try PackedLinearKernel.make(
            request, rows: output[0], depth: left.shape[1], outFeatures: output[1], areOutputMajor: transposeB,
            factor: alpha, bias: addend != nil && isRow ? 2 : nil, residual: addend == nil || isRow ? nil : 2,
            activation: activation)
    }
}
