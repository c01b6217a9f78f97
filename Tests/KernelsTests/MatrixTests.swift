import Graphs
import Tensors
import Testing

@testable import Kernels

/// Matrix products against their definition.
struct MatrixTests {
    @Test(arguments: 0..<30)
    func productsBroadcast(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        // Sometimes more columns than one block has.
        let (rows, inner) = (generator.integer(1...14), generator.integer(1...20))
        let columns = generator.integer(seed % 8 == 0 ? 257...270 : 1...40)
        let batch = (0..<generator.integer(0...2)).map { _ in generator.integer(1...3) }
        let left = generator.floats(batch.map { generator.integer(0...1) == 0 ? 1 : $0 } + [rows, inner])
        let right = generator.floats((seed % 3 == 0 ? [] : batch) + [inner, columns])
        let product = MatrixProduct(activation: seed % 4 == 0 ? Unary(.relu) : nil)
        for constants in [Set<Int>(), Set([1])] {
            let result = try KernelRunner.runOnThreads(
                .matrixProduct(product), [left, right], constants: constants)[0]
            let a: [Float] = left.elements()
            let b: [Float] = right.elements()
            let expected = indices(of: result.shape.dimensions).map { index -> Float in
                func start(_ tensor: Tensor) -> Int {
                    let extents = tensor.shape.dimensions.dropLast(2)
                    let places = index.dropLast(2).suffix(extents.count)
                    return zip(places, extents).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
                }
                let (row, column) = (index[index.count - 2], index[index.count - 1])
                var sum = 0.0
                for step in 0..<inner {
                    sum +=
                        Double(a[(start(left) * rows + row) * inner + step])
                        * Double(b[(start(right) * inner + step) * columns + column])
                }
                return product.activation == nil ? Float(sum) : max(0, Float(sum))
            }
            expectClose(result.elements(), expected, "seed \(seed), constants \(constants)")
        }
    }

    @Test(arguments: 0..<40)
    func gemmFollowsItsFormula(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let (rows, inner) = (generator.integer(1...14), generator.integer(1...20))
        let columns = generator.integer(seed % 8 == 0 ? 257...270 : 1...40)
        let gemm = Gemm(
            alpha: seed % 2 == 0 ? 1 : 0.5, beta: seed % 3 == 0 ? 0.25 : 1, transposeA: seed % 4 == 1,
            transposeB: seed % 5 < 3, activation: [nil, Unary(.relu), Unary(.hyperbolicSine)][seed % 3])
        let a = generator.floats(gemm.transposeA ? [inner, rows] : [rows, inner])
        let b = generator.floats(gemm.transposeB ? [columns, inner] : [inner, columns])
        let c = [nil, [columns], [1, columns], [rows, 1], [rows, columns], [1], []][seed % 7].map {
            generator.floats($0)
        }
        let left: [Float] = a.elements()
        let right: [Float] = b.elements()
        let addend: [Float]? = c?.elements()
        let activation = gemm.activation?.evaluation() ?? { $0 }
        let expected = indices(of: [rows, columns]).map { index -> Float in
            let (row, column) = (index[0], index[1])
            var sum = 0.0
            for step in 0..<inner {
                sum +=
                    Double(left[gemm.transposeA ? step * rows + row : row * inner + step])
                    * Double(right[gemm.transposeB ? column * inner + step : step * columns + column])
            }
            sum *= Double(gemm.alpha)
            if let c, let addend {
                let shape = [Int](repeating: 1, count: 2 - c.shape.rank) + c.shape.dimensions
                let place = (shape[0] == 1 ? 0 : row) * shape[1] + (shape[1] == 1 ? 0 : column)
                sum += Double(gemm.beta) * Double(addend[place])
            }
            return Float(activation(sum))
        }
        for constants in [Set<Int>(), Set([1])] {
            let result = try KernelRunner.runOnThreads(.gemm(gemm), [a, b, c], constants: constants)[0]
            expectClose(result.elements(), expected, tolerance: 2e-5, "seed \(seed), constants \(constants)")
        }
    }

    @Test func integersWrap() throws {
        let a = Tensor([Int32.max, 2], shape: [1, 2])
        let b = Tensor([Int32(2), 3], shape: [2, 1])
        let result = try KernelRunner.run(.matrixProduct(MatrixProduct()), [a, b])[0]
        #expect(result.elements(of: Int32.self) == [Int32.max &* 2 &+ 6])
    }
}
