import Graphs
import Tensors
import Testing

/// The result types of recurrent and quantised operators, for operands that fit and operands that do not.
@Suite struct RecurrentInferenceTests {
    private typealias Operand = Operands.Operand

    private func operand(_ dtype: DType, _ dimensions: [Int]) -> Operand? {
        Operand(type: TensorType(dtype, Shape(dimensions)))
    }
    private func float(_ dimensions: Int...) -> Operand? { operand(.float32, dimensions) }
    private func int(_ dimensions: Int...) -> Operand? { operand(.int32, dimensions) }
    private func byte(_ dimensions: Int...) -> Operand? { operand(.uint8, dimensions) }
    private func signed(_ dimensions: Int...) -> Operand? { operand(.int8, dimensions) }

    private func expect(
        _ operation: Operation, _ operands: [Operand?], _ types: String...,
        at location: SourceLocation = #_sourceLocation
    ) {
        do throws(InferenceError) {
            let result = try operation.attributes.outputTypes(of: Operands(operands))
            #expect(result.map(\.description) == types, sourceLocation: location)
        } catch {
            Issue.record("\(operation.name): \(error)", sourceLocation: location)
        }
    }

    private func refuse(
        _ operation: Operation, _ operands: [Operand?], naming word: String,
        at location: SourceLocation = #_sourceLocation
    ) {
        do throws(InferenceError) {
            let types = try operation.attributes.outputTypes(of: Operands(operands))
            Issue.record("\(operation.name) gives \(types)", sourceLocation: location)
        } catch {
            #expect(error.description.contains(word), sourceLocation: location)
        }
    }

    private func recurrence(
        _ direction: Recurrence.Direction = .forward, functions: Int, isBatchMajor: Bool = false, hiddenSize: Int? = nil
    ) -> Recurrence {
        Recurrence(
            direction: direction,
            activations: [RecurrentActivation](repeating: .init(.tanh), count: functions * direction.count),
            isBatchMajor: isBatchMajor, hiddenSize: hiddenSize)
    }

    @Test func recurrent() {
        let x = float(7, 2, 3)
        expect(
            .rnn(RNN(recurrence(functions: 1))), [x, float(1, 5, 3), float(1, 5, 5)], "float32 7x1x2x5",
            "float32 1x2x5")
        expect(
            .lstm(LSTM(recurrence(.bidirectional, functions: 3, hiddenSize: 5))),
            [
                x, float(2, 20, 3), float(2, 20, 5), float(2, 40), int(2), float(2, 2, 5), float(2, 2, 5),
                float(2, 15),
            ], "float32 7x2x2x5", "float32 2x2x5", "float32 2x2x5")
        expect(
            .gru(GRU(recurrence(.reverse, functions: 2, isBatchMajor: true))),
            [float(2, 7, 3), float(1, 15, 3), float(1, 15, 5), nil, int(2), float(2, 1, 5)], "float32 2x7x1x5",
            "float32 2x1x5")

        let lstm = Operation.lstm(LSTM(recurrence(functions: 3)))
        refuse(lstm, [float(7, 2), float(1, 20, 3), float(1, 20, 5)], naming: "3 axes")
        refuse(lstm, [x, float(1, 20, 4), float(1, 20, 5)], naming: "W must be")
        refuse(lstm, [x, float(1, 20, 3), float(1, 15, 5)], naming: "R must be")
        refuse(lstm, [x, float(2, 20, 3), float(2, 20, 5)], naming: "W must be")
        refuse(lstm, [x, float(1, 20, 3), float(1, 20, 5), float(1, 20)], naming: "B must be")
        refuse(lstm, [x, float(1, 20, 3), float(1, 20, 5), nil, int(7)], naming: "lengths")
        refuse(lstm, [x, float(1, 20, 3), float(1, 20, 5), nil, float(2)], naming: "lengths")
        refuse(lstm, [x, float(1, 20, 3), float(1, 20, 5), nil, nil, float(2, 1, 5)], naming: "initial state")
        refuse(lstm, [x, float(1, 20, 3), float(1, 20, 5), nil, nil, nil, float(1, 1, 5)], naming: "initial cell")
        refuse(lstm, [x, float(1, 20, 3), float(1, 20, 5), nil, nil, nil, nil, float(1, 20)], naming: "P must be")
        refuse(lstm, [x, float(1, 20, 3), operand(.float64, [1, 20, 5])], naming: "dtype")
        refuse(lstm, [int(7, 2, 3), int(1, 20, 3), int(1, 20, 5)], naming: "floating-point")
        refuse(lstm, [x, float(1, 0, 3), float(1, 0, 0)], naming: "hidden size")
        refuse(lstm, [x, float(1, 1 << 38, 0), float(1, 0, 1 << 38)], naming: "W must be")
        refuse(.lstm(LSTM(recurrence(functions: 2))), [x, float(1, 20, 3), float(1, 20, 5)], naming: "activations")
        refuse(
            .lstm(LSTM(recurrence(functions: 3, hiddenSize: 4))), [x, float(1, 20, 3), float(1, 20, 5)],
            naming: "hidden size")
    }

    @Test func linearQuantisation() {
        expect(.quantizeLinear(QuantizeLinear()), [float(2, 3), float()], "uint8 2x3")
        expect(.quantizeLinear(QuantizeLinear(target: .int16)), [float(2, 3), float(1)], "int16 2x3")
        expect(.quantizeLinear(QuantizeLinear()), [float(2, 3), float(3), signed(3)], "int8 2x3")
        expect(.quantizeLinear(QuantizeLinear()), [int(2, 3), float()], "uint8 2x3")
        expect(
            .quantizeLinear(QuantizeLinear(scale: .init(axis: -1, blockSize: 2))), [float(4, 5), float(4, 3)],
            "uint8 4x5")
        expect(.dequantizeLinear(DequantizeLinear()), [byte(2, 3), operand(.float16, []), byte()], "float16 2x3")
        expect(.dequantizeLinear(DequantizeLinear(scale: .init(axis: 0))), [int(2, 3), float(2)], "float32 2x3")
        refuse(.quantizeLinear(QuantizeLinear()), [float(2, 3), float(2)], naming: "axis 1")
        refuse(.quantizeLinear(QuantizeLinear(scale: .init(axis: 2))), [float(2, 3), float(3)], naming: "axis 2")
        refuse(.quantizeLinear(QuantizeLinear()), [float(2, 3), float(3), byte(2)], naming: "zero points")
        refuse(.quantizeLinear(QuantizeLinear()), [float(2, 3), int(3)], naming: "floating point")
        refuse(.quantizeLinear(QuantizeLinear()), [byte(2, 3), float()], naming: "cannot be quantised")
        refuse(.quantizeLinear(QuantizeLinear()), [float(2), float(), int()], naming: "not supported")
        refuse(
            .quantizeLinear(QuantizeLinear(scale: .init(axis: 1, blockSize: 2))), [float(4, 5), float(4, 2)],
            naming: "blocks of 2")
        refuse(
            .quantizeLinear(QuantizeLinear(scale: .init(axis: 1, blockSize: -2))), [float(4, 5), float(4, 2)],
            naming: "blocks of -2")
        refuse(.dequantizeLinear(DequantizeLinear()), [byte(2, 3), float(), signed()], naming: "zero point of int8")
        refuse(.dequantizeLinear(DequantizeLinear()), [float(2, 3), float()], naming: "no quantised type")
        expect(
            .dynamicQuantizeLinear(DynamicQuantizeLinear()), [float(2, 3)], "uint8 2x3", "float32 scalar",
            "uint8 scalar")
        refuse(.dynamicQuantizeLinear(DynamicQuantizeLinear()), [int(2)], naming: "float32")
    }

    @Test func integerProducts() {
        let product = Operation.matMulInteger(MatMulInteger())
        expect(product, [byte(7, 2, 3), signed(3, 4), byte(2), signed(4)], "int32 7x2x4")
        refuse(product, [byte(2, 3), byte(2, 3)], naming: "inner extents")
        refuse(product, [byte(2, 3), float(3, 4)], naming: "int8 or uint8")
        refuse(product, [byte(2, 3), byte(3, 4), byte(3)], naming: "operand 2")
        refuse(product, [byte(2, 3), byte(3, 4), nil, signed()], naming: "operand 3")
        let quantised = Operation.qLinearMatMul(QLinearMatMul())
        let (a, b) = (byte(2, 3), signed(3, 4))
        expect(quantised, [a, float(2), byte(2), b, float(4), signed(), float(), signed()], "int8 2x4")
        refuse(quantised, [a, float(3), byte(), b, float(), signed(), float(), byte()], naming: "operand 1")
        refuse(quantised, [a, float(), byte(), b, float(), byte(), float(), byte()], naming: "operand 5")
        refuse(quantised, [a, float(), byte(), b, float(), signed(), float(4), byte()], naming: "operand 6")
        refuse(quantised, [a, float(), byte(), b, float(), signed(), float(), int()], naming: "the result")
    }

    @Test func integerConvolutions() {
        let window = SpatialWindow(rank: 2)
        let convolution = Operation.convInteger(ConvInteger(window: window))
        let (x, w) = (byte(2, 3, 5, 6), signed(4, 3, 2, 3))
        expect(convolution, [x, w, byte(), signed(4)], "int32 2x4x4x4")
        refuse(convolution, [x, signed(4, 2, 2, 3)], naming: "channels")
        refuse(convolution, [x, w, byte(3)], naming: "operand 2")
        refuse(convolution, [x, w, nil, signed(3)], naming: "operand 3")
        refuse(convolution, [float(2, 3, 5, 6), w], naming: "int8 or uint8")
        let quantised = Operation.qLinearConv(QLinearConv(window: window))
        expect(
            quantised, [x, float(), byte(), w, float(4), signed(4), float(1), byte(), int(4)], "uint8 2x4x4x4")
        refuse(quantised, [x, float(), byte(), w, float(4), signed(4), float(1), byte(), int(3)], naming: "bias")
        refuse(quantised, [x, float(), byte(), w, float(3), signed(4), float(1), byte()], naming: "operand 4")
        refuse(quantised, [x, float(3), byte(), w, float(), signed(), float(1), byte()], naming: "operand 1")
    }
}
