import Graphs
import Tensors
import Testing

@testable import Kernels

/// Quantised operators against their definition, in float64 and exact integers.
struct QuantizationTests {
    /// 8-bit numbers, signed or not.
    private func eightBit(_ generator: inout SeededGenerator, _ shape: [Int], signed: Bool) -> Tensor {
        let count = shape.reduce(1, *)
        return signed
            ? Tensor((0..<count).map { _ in Int8(generator.integer(-128...127)) }, shape: Shape(shape))
            : Tensor((0..<count).map { _ in UInt8(generator.integer(0...255)) }, shape: Shape(shape))
    }

    private func integers(_ tensor: Tensor?) -> [Int]? {
        guard let tensor else { return nil }
        switch tensor.dtype {
        case .int8: return tensor.elements(of: Int8.self).map(Int.init)
        case .uint8: return tensor.elements(of: UInt8.self).map(Int.init)
        case .int16: return tensor.elements(of: Int16.self).map(Int.init)
        case .uint16: return tensor.elements(of: UInt16.self).map(Int.init)
        default: return tensor.elements(of: Int32.self).map(Int.init)
        }
    }

    private func scales(_ generator: inout SeededGenerator, _ shape: [Int]) -> Tensor {
        Tensor(
            (0..<shape.reduce(1, *)).map { _ in Float.random(in: 0.01...0.2, using: &generator) }, shape: Shape(shape))
    }

    // MARK: Linear quantisation

    /// All layouts of scales there and back: one, one for each index of an axis, blocks.
    @Test(arguments: 0..<48)
    func linearQuantisation(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shape = generator.shape(rank: 1...4, extents: 1...9)
        let axis = generator.integer(0...shape.count - 1)
        let block = generator.integer(1...4)
        var layout = QuantizationScale(axis: seed % 2 == 0 ? axis : axis - shape.count)
        var scaleShape: [Int] = []
        if seed % 3 == 1 { scaleShape = [shape[axis]] }
        if seed % 3 == 2 {
            layout.blockSize = block
            scaleShape = shape
            scaleShape[axis] = (shape[axis] + block - 1) / block
        }
        let scale = scales(&generator, scaleShape)
        let (lower, upper, zeros): (Int, Int, Tensor)
        let count = scale.elementCount
        let zeroValues = (0..<count).map { _ in generator.integer(0...100) }
        switch seed % 4 {
        case 0: (lower, upper, zeros) = (0, 255, Tensor(zeroValues.map(UInt8.init), shape: scale.shape))
        case 1: (lower, upper, zeros) = (-128, 127, Tensor(zeroValues.map(Int8.init), shape: scale.shape))
        case 2: (lower, upper, zeros) = (0, 65535, Tensor(zeroValues.map(UInt16.init), shape: scale.shape))
        default: (lower, upper, zeros) = (-32768, 32767, Tensor(zeroValues.map(Int16.init), shape: scale.shape))
        }
        // Halves, numbers past the limits, infinities among them.
        var values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -30...30, using: &generator) }
        values[0] = .infinity
        if values.count > 1 { values[1] = -.infinity }
        let x = Tensor(values, shape: Shape(shape))

        func place(_ index: [Int]) -> Int {
            switch seed % 3 {
            case 0: return 0
            case 1: return index[axis]
            default:
                var index = index
                index[axis] /= block
                return offset(index, scaleShape)
            }
        }
        let factors = scale.elements(of: Float.self)
        let hasZeros = seed % 5 != 0 || seed % 4 != 0
        let expected = indices(of: shape).enumerated().map { number, index -> Int in
            let quotient = (values[number] / factors[place(index)]).rounded(.toNearestOrEven)
            let zero = hasZeros ? zeroValues[place(index)] : 0
            return Int(min(max(Double(quotient) + Double(zero), Double(lower)), Double(upper)))
        }
        let operands = [x, scale] + (hasZeros ? [zeros] : [])
        let quantised = try KernelRunner.runOnThreads(.quantizeLinear(QuantizeLinear(scale: layout)), operands)[0]
        #expect(integers(quantised) == expected, "seed \(seed)")

        let back = try KernelRunner.runOnThreads(
            .dequantizeLinear(DequantizeLinear(scale: layout)), [quantised, scale] + (hasZeros ? [zeros] : []))[0]
        let numbers = zip(indices(of: shape), expected).map { index, value in
            Float(value - (hasZeros ? zeroValues[place(index)] : 0)) * factors[place(index)]
        }
        #expect(back.elements(of: Float.self) == numbers, "seed \(seed)")

        // The same in float64, by the plain kernel.
        let wide = Tensor(values.map(Double.init), shape: x.shape)
        let wideScale = Tensor(factors.map(Double.init), shape: scale.shape)
        let plain = try KernelRunner.runOnThreads(
            .quantizeLinear(QuantizeLinear(scale: layout)), [wide, wideScale] + (hasZeros ? [zeros] : []))[0]
        for (one, other) in zip(integers(plain)!, expected) { #expect(abs(one - other) <= 1, "seed \(seed)") }
    }

    @Test func halvesGoToTheEvenNeighbour() throws {
        let x = Tensor([Float(0.5), 1.5, 2.5, -0.5, -1.5, 254.5, 255.5, 3, 7], shape: [9])
        let scale = Tensor(scalar: Float(1))
        let result = try KernelRunner.run(.quantizeLinear(QuantizeLinear(target: .int8)), [x, scale])[0]
        #expect(integers(result) == [0, 2, 2, 0, -2, 127, 127, 3, 7])
        let unsigned = try KernelRunner.run(
            .quantizeLinear(QuantizeLinear()), [x, scale, Tensor(scalar: UInt8(1))])[0]
        #expect(integers(unsigned) == [1, 3, 3, 1, 0, 255, 255, 4, 8])
        let whole = try KernelRunner.run(
            .quantizeLinear(QuantizeLinear()), [Tensor([Int32(5), 7, -3, 4000]), Tensor(scalar: Float(2))])[0]
        #expect(integers(whole) == [2, 4, 0, 255])
        let sums = try KernelRunner.run(
            .dequantizeLinear(DequantizeLinear()), [Tensor([Int32(1 << 20), -3]), Tensor(scalar: Float(0.5))])[0]
        #expect(sums.elements(of: Float.self) == [524288, -1.5])
    }

    @Test(arguments: 0..<8)
    func dynamicQuantisation(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let count = seed == 0 ? 0 : generator.integer(1...60_000)
        let shift = Float(seed % 4) - 1
        let values = (0..<count).map { _ in seed == 5 ? 0 : Float.random(in: -1...1, using: &generator) + shift }
        let results = try KernelRunner.runOnThreads(.dynamicQuantizeLinear(DynamicQuantizeLinear()), [Tensor(values)])
        let (low, high) = (min(0, values.min() ?? 0), max(0, values.max() ?? 0))
        let scale = low == high ? 1 : (high - low) / 255
        let zero = min(max((-low / scale).rounded(.toNearestOrEven), 0), 255)
        #expect(results[1].elements(of: Float.self) == [scale])
        #expect(results[2].elements(of: UInt8.self) == [UInt8(zero)])
        let expected = values.map { UInt8(min(max(($0 / scale).rounded(.toNearestOrEven) + zero, 0), 255)) }
        #expect(results[0].elements(of: UInt8.self) == expected)
    }

    // MARK: Products

    @Test(arguments: 0..<24)
    func integerProducts(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let (rows, inner) = (generator.integer(1...40), generator.integer(0...50))
        let columns = generator.integer(seed % 8 == 0 ? 257...300 : 1...70)
        let batch = (0..<generator.integer(0...2)).map { _ in generator.integer(1...3) }
        let (signedA, signedB) = (seed % 2 == 0, seed % 3 == 0)
        let a = eightBit(
            &generator, batch.map { generator.integer(0...1) == 0 ? 1 : $0 } + [rows, inner], signed: signedA)
        let b = eightBit(&generator, (seed % 3 == 0 ? [] : batch) + [inner, columns], signed: signedB)
        let aZero: Tensor? =
            seed % 5 == 0 ? nil : eightBit(&generator, seed % 5 == 1 ? [rows] : [], signed: signedA)
        let bZero: Tensor? =
            seed % 7 == 0 ? nil : eightBit(&generator, seed % 7 < 3 ? [columns] : [], signed: signedB)
        let (left, right) = (integers(a)!, integers(b)!)
        let (leftZeros, rightZeros) = (integers(aZero) ?? [0], integers(bZero) ?? [0])
        let shape = try Operation.matMulInteger(MatMulInteger()).attributes.outputTypes(
            of: Operands([.init(type: a.type), .init(type: b.type)]))[0].shape
        let sums = indices(of: shape.dimensions).map { index -> Int in
            func start(_ tensor: Tensor) -> Int {
                let extents = tensor.shape.dimensions.dropLast(2)
                let places = index.dropLast(2).suffix(extents.count)
                return zip(places, extents).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
            }
            let (row, column) = (index[index.count - 2], index[index.count - 1])
            let (rowZero, columnZero) = (
                leftZeros[leftZeros.count == 1 ? 0 : row], rightZeros[rightZeros.count == 1 ? 0 : column]
            )
            return (0..<inner).reduce(0) { sum, step in
                sum + (left[(start(a) * rows + row) * inner + step] - rowZero)
                    * (right[(start(b) * inner + step) * columns + column] - columnZero)
            }
        }
        for constants in [Set<Int>(), Set([1, 3])] {
            let result = try KernelRunner.runOnThreads(
                .matMulInteger(MatMulInteger()), [a, b, aZero, bZero], constants: constants)[0]
            #expect(integers(result) == sums, "seed \(seed), constants \(constants)")
        }

        // The same product, quantised.
        let aScale = scales(&generator, leftZeros.count == 1 ? [] : [rows])
        let bScale = scales(&generator, rightZeros.count == 1 ? [] : [columns])
        let yScale = scales(&generator, [])
        let signedY = seed % 4 < 2
        let yZero = eightBit(&generator, [], signed: signedY)
        let (aFactors, bFactors) = (aScale.elements(of: Float.self), bScale.elements(of: Float.self))
        let quotient = yScale.elements(of: Float.self)[0]
        let expected = zip(indices(of: shape.dimensions), sums).map { index, sum -> Int in
            let (row, column) = (index[index.count - 2], index[index.count - 1])
            let factor =
                aFactors[aFactors.count == 1 ? 0 : row] * bFactors[bFactors.count == 1 ? 0 : column] / quotient
            return requantised(sum, factor, zero: integers(yZero)![0], signed: signedY)
        }
        let zeroA = aZero ?? eightBitZero(signed: signedA)
        let zeroB = bZero ?? eightBitZero(signed: signedB)
        for constants in [Set<Int>(), Set([3, 5])] {
            let result = try KernelRunner.runOnThreads(
                .qLinearMatMul(QLinearMatMul()), [a, aScale, zeroA, b, bScale, zeroB, yScale, yZero],
                constants: constants)[0]
            #expect(integers(result) == expected, "seed \(seed), constants \(constants)")
        }
    }

    private func eightBitZero(signed: Bool) -> Tensor {
        signed ? Tensor(scalar: Int8(0)) : Tensor(scalar: UInt8(0))
    }

    private func requantised(_ sum: Int, _ factor: Float, zero: Int, signed: Bool) -> Int {
        let value = (Float(sum) * factor).rounded(.toNearestOrEven)
        let (lower, upper) = signed ? (-128, 127) : (0, 255)
        return Int(min(max(Double(value) + Double(zero), Double(lower)), Double(upper)))
    }

    // MARK: Convolutions

    @Test(arguments: 0..<24)
    func integerConvolutions(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let rank = generator.integer(1...3)
        let groups = generator.integer(1...2)
        let (inChannels, outChannels) = (groups * generator.integer(1...3), groups * generator.integer(1...6))
        let batch = generator.integer(1...2)
        let kernel = (0..<rank).map { _ in generator.integer(1...3) }
        let input = (0..<rank).map { _ in generator.integer(5...9) }
        var window = SpatialWindow(rank: rank)
        window.strides = (0..<rank).map { _ in generator.integer(1...2) }
        window.dilations = (0..<rank).map { _ in generator.integer(1...2) }
        let (before, after) = (
            (0..<rank).map { _ in generator.integer(0...2) }, (0..<rank).map { _ in generator.integer(0...2) }
        )
        window.padding = .explicit(before: before, after: after)
        let (signedX, signedW) = (seed % 2 == 0, seed % 3 == 0)
        let x = eightBit(&generator, [batch, inChannels] + input, signed: signedX)
        let w = eightBit(&generator, [outChannels, inChannels / groups] + kernel, signed: signedW)
        let xZero = eightBit(&generator, [], signed: signedX)
        let wZero = eightBit(&generator, seed % 4 == 0 ? [outChannels] : [], signed: signedW)
        let (values, weights) = (integers(x)!, integers(w)!)
        let (inputZero, weightZeros) = (integers(xZero)![0], integers(wZero)!)
        let operation = Operation.convInteger(ConvInteger(window: window, groups: groups))
        let shape = try operation.attributes.outputTypes(
            of: Operands([x, w, xZero, wZero].map { .init(type: $0.type) }))[0].shape.dimensions
        let sums = indices(of: shape).map { index -> Int in
            let (image, channel) = (index[0], index[1])
            let first = channel / (outChannels / groups) * (inChannels / groups)
            var sum = 0
            for inChannel in 0..<inChannels / groups {
                for tap in indices(of: kernel) {
                    let cell = (0..<rank).map { axis -> Int in
                        let origin = index[axis + 2] * window.strides[axis] - before[axis]
                        return origin + tap[axis] * window.dilations[axis]
                    }
                    guard zip(cell, input).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
                    let value = values[offset([image, first + inChannel] + cell, x.shape.dimensions)] - inputZero
                    let weight =
                        weights[offset([channel, inChannel] + tap, w.shape.dimensions)]
                        - weightZeros[weightZeros.count == 1 ? 0 : channel]
                    sum += value * weight
                }
            }
            return sum
        }
        for constants in [Set<Int>(), Set([1, 3])] {
            let result = try KernelRunner.runOnThreads(operation, [x, w, xZero, wZero], constants: constants)[0]
            #expect(integers(result) == sums, "seed \(seed), constants \(constants)")
        }

        // The same convolution, with a bias and quantised.
        let (xScale, yScale) = (scales(&generator, []), scales(&generator, [1]))
        let wScale = scales(&generator, seed % 4 == 0 ? [outChannels] : [])
        let yZero = eightBit(&generator, [], signed: signedX)
        let bias: Tensor? =
            seed % 3 == 1 ? nil : Tensor((0..<outChannels).map { _ in Int32(generator.integer(-9999...9999)) })
        let factors = wScale.elements(of: Float.self).map {
            xScale.elements(of: Float.self)[0] * $0 / yScale.elements(of: Float.self)[0]
        }
        let expected = zip(indices(of: shape), sums).map { index, sum in
            requantised(
                sum + (integers(bias)?[index[1]] ?? 0), factors[factors.count == 1 ? 0 : index[1]],
                zero: integers(yZero)![0], signed: signedX)
        }
        for constants in [Set<Int>(), Set([3, 5])] {
            let result = try KernelRunner.runOnThreads(
                .qLinearConv(QLinearConv(window: window, groups: groups)),
                [x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias], constants: constants)[0]
            #expect(integers(result) == expected, "seed \(seed), constants \(constants)")
        }
    }
}
