import Graphs
import Kernels
import ModelFormats
import Tensors
import TestSupport
import Testing

/// What operators say of their axes, against their kernels.
struct AxisRelationTests {
    /// On small operands every element is changed: nothing else may change than what is said, and all that is said is seen.
    @Test(arguments: AxisCase.all)
    func saysWhatIsRead(_ test: AxisCase) throws {
        // What comes while the graph runs: all operands, and all but the second, which holds the weights of a product.
        for (seed, constants) in [(1, test.constants), (2, test.constants.union([1]))] as [(UInt64, Set<Int>)] {
            var random = SplitMix(seed)
            let operands = test.operands(&random)
            var proof = try AxisProof(
                test.operation, operands, fed: Set(operands.indices).subtracting(constants))
            let words = proof.types.indices.map { output in
                operands.indices.map {
                    AxisCase.words(proof.relations[output: output, operand: $0], isThere: operands[$0] != nil)
                }
            }
            #expect(words.count == test.expected.count)
            for (said, expected) in zip(words, test.expected) {
                #expect(Array(said.prefix(expected.count)) == expected)
            }
            #expect(proof.isOpaque == test.operation.staysOpaque)
            proof.trace(limit: .max, &random)
            for violation in proof.violations().prefix(3) { Issue.record("\(violation)") }
            guard !test.hides else { continue }
            for excess in proof.excesses(slack: test.slack).prefix(3) { Issue.record("\(excess)") }
        }
    }

    /// Claims of other operators, which say too little or too much, are found out.
    @Test func findsFalseClaims() throws {
        var random = SplitMix(3)
        let operand = Tensor((0..<12).map { _ in Float.random(in: -1...1, using: &random) }, shape: [3, 4])
        func verdicts(
            _ operation: Graphs.Operation, claims: Graphs.Operation
        ) throws -> (violations: [String], excesses: [String]) {
            var proof = try AxisProof(operation, [operand], fed: [0], claims: claims)
            proof.trace(limit: .max, &random)
            return (proof.violations(), proof.excesses(slack: 0))
        }
        let (relu, softmax) = (Graphs.Operation.unary(Unary(.relu)), Graphs.Operation.softmax(Softmax()))
        let narrow = try verdicts(softmax, claims: relu)
        #expect(!narrow.violations.isEmpty && narrow.excesses.isEmpty)
        let wide = try verdicts(relu, claims: softmax)
        #expect(wide.violations.isEmpty && !wide.excesses.isEmpty)
        let unread = try verdicts(relu, claims: .eyeLike(EyeLike()))
        #expect(!unread.violations.isEmpty)
        let right = try verdicts(softmax, claims: softmax)
        #expect(right.violations.isEmpty && right.excesses.isEmpty)
    }

    /// Every node of the cases that there are of single operators, a few elements of each operand changed.
    @Test(.enabled(if: NodeCase.Suite.node.isExpected, "no test material; 'make material' makes it"))
    func rulesOutNothingThatIsRead() throws {
        var count = 0
        var names: Set<String> = []
        var seen: Set<Kind> = []
        let known = Set(AxisCase.all.map(\.operation.label))
        for suite in [NodeCase.Suite.node, .operators, .contributed, .narrow, .learned] {
            for name in suite.names {
                let test = try suite.load(name)
                guard test.skip == nil || test.values != nil else { continue }
                for (operation, operands) in (try? test.nodes()) ?? []
                where seen.insert(Kind(operation, operands)).inserted {
                    var random = SplitMix(UInt64(count))
                    guard var proof = try? AxisProof(operation, operands, fed: []) else { continue }
                    proof.trace(limit: 4, &random)
                    for violation in proof.violations().prefix(1) {
                        Issue.record("\(suite.rawValue)/\(name), \(operation.name): \(violation)")
                    }
                    if operation.staysOpaque {
                        #expect(proof.isOpaque, "\(operation.name)")
                    } else {
                        #expect(known.contains(operation.label), "a case is missing for \(operation.name)")
                    }
                    count += 1
                    names.insert(operation.name)
                }
            }
        }
        print("the axes of \(count) nodes with \(names.count) operators hold")
        #expect(count > 2000 && names.count > 150)
    }
}

/// What makes one node like another.
private struct Kind: Hashable {
    let operation: Graphs.Operation
    let types: [TensorType?]
    /// The elements of short lists of integers: axes, extents and the like.
    let integers: [[Int]?]

    init(_ operation: Graphs.Operation, _ operands: [Tensor?]) {
        self.operation = operation
        types = operands.map { $0?.type }
        integers = operands.map { ($0?.elementCount ?? 0) <= 16 ? $0?.integers : nil }
    }
}

extension NodeCase {
    /// The nodes that the case computes from tensors alone, with their operands.
    fileprivate func nodes() throws -> [(Graphs.Operation, [Tensor?])] {
        let fed = try fed()
        var nodes: [(Graphs.Operation, [Tensor?])] = []
        let interpreter = Interpreter(graph: try ONNXImporter.load(path: model).graph) { node, operands in
            let tensors = operands.map { $0?.tensor }
            guard zip(operands, tensors).allSatisfy({ $0 == nil || $1 != nil }) else { return }
            nodes.append((node.operation, tensors))
        }
        _ = try interpreter.run { name in fed.first { $0.0 == name }?.1 }
        return nodes
    }
}

extension Graphs.Operation {
    /// The name of its case.
    fileprivate var label: Substring { "\(self)".prefix { $0 != "(" } }

    /// Operators that say nothing of their axes: what they make depends on all that they are given, or is made while a model
    /// loads.
    fileprivate var staysOpaque: Bool {
        switch self {
        case .weightUnpacking, .narrowUnpacking, .maximumUnpooling, .melWeightMatrix, .constantOfShape,
            .arithmeticRange, .nonZero, .compress, .unique, .nonMaxSuppression, .conditional, .loop, .scan, .enclosure,
            .sequence, .unsupported:
            true
        case .unary, .binary, .comparison, .choice, .cast, .bitCast, .convolution, .convolutionTranspose,
            .matrixProduct, .gemm, .einsum, .deformableConvolution, .determinant, .attention, .rotaryEmbedding,
            .linearAttention, .causalConvolution, .rnn, .lstm, .gru, .quantizeLinear, .dequantizeLinear,
            .narrowRounding, .dynamicQuantizeLinear, .matMulInteger, .convInteger, .qLinearMatMul, .qLinearConv,
            .pooling, .globalPooling, .regionAlignment, .regionPooling, .batchNormalization,
            .localResponseNormalization, .softmax, .instanceNormalization, .groupNormalization, .layerNormalization,
            .reduction, .cumulation, .topK, .fourierTransform, .shortTimeFourierTransform, .termFrequency,
            .treeEnsemble, .valueLookup, .randomDraw, .concatenation, .split, .slice, .pad, .reshape, .flatten,
            .squeeze, .unsqueeze, .transpose, .expand, .gather, .gatherElements, .gatherND, .scatterElements,
            .scatterND, .cacheUpdate, .tile, .depthToSpace, .spaceToDepth, .trilu, .resize, .gridSample, .affineGrid,
            .centerCropPad, .columnsToImage, .reverseSequence, .shapeOf, .oneHot, .eyeLike, .optional, .identity:
            false
        }
    }
}
