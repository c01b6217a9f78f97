internal import Graphs
internal import Tensors

/// Einstein's sum by its definition: for each output element the products over all summed letters. For small integers,
/// and where nothing is summed because an axis is empty.
struct EinsumKernel<Element: NumericElement>: Kernel {
    /// For each operand where an output element and a summed index lie in it.
    let outputs: [OuterAxes]
    let sums: [OuterAxes]
    let count: Int
    let sumCount: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let result = operands.output(0, as: Element.self)  // [count]
        context.parallelRanges(count, cost: sumCount * outputs.count * 10) { range in
            for index in range {
                var total = Element.Sum.zero
                for step in 0..<sumCount {
                    var product = Element.Sum.one
                    for operand in outputs.indices {
                        let offset = outputs[operand].offset(of: index) + sums[operand].offset(of: step)
                        product = .times(product, operands.input(operand, as: Element.self)[offset].sum)
                    }
                    total = .plus(total, product)
                }
                result[index] = Element(sum: total)
            }
        }
    }
}

extension Einsum {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: ElementVisitor {
            let plan: Plan
            let shapes: [Shape]

            func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
                let summed = plan.extents.keys.filter { !plan.output.contains($0) }.sorted()
                func places(_ letters: [Character], in operand: Int) -> OuterAxes {
                    let shape = shapes[operand]
                    let strides = shape.strides
                    let steps = letters.map { letter in
                        // A letter that occurs twice walks the diagonal.
                        plan.operands[operand].indices.filter { plan.operands[operand][$0] == letter }
                            .reduce(0) { $0 + (shape[$1] == 1 ? 0 : strides[$1]) }
                    }
                    return OuterAxes(extents: letters.map { plan.extents[$0]! }, strides: steps)
                }
                return SpecializedKernel.make(
                    EinsumKernel<Element>(
                        outputs: shapes.indices.map { places(plan.output, in: $0) },
                        sums: shapes.indices.map { places(summed, in: $0) },
                        count: plan.output.reduce(1) { $0 * plan.extents[$1]! },
                        sumCount: summed.reduce(1) { $0 * plan.extents[$1]! }), for: Element.self)
            }
        }
        struct MatrixBuilder: MatrixVisitor {
            let request: KernelRequest
            let plan: Plan
            func visit<Element: MatrixElement>(_: Element.Type) throws -> any Kernel {
                try ContractionBuilder<Element>.kernel(request, plan)
            }
        }
        let shapes = request.inputTypes.map { $0!.shape }
        let dtype = request.outputTypes[0].dtype
        let plan = try plan(of: shapes)
        if dtype.hasMatrices, !plan.extents.values.contains(0) {
            return try dtype.acceptMatrix(MatrixBuilder(request: request, plan: plan), for: operatorName)
        }
        return try dtype.accept(Visitor(plan: plan, shapes: shapes))
    }
}
