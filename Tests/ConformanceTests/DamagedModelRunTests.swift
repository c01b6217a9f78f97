import FoundationEssentials
import Graphs
import Kernels
import ModelFormats
import Tensors
import TestSupport
import Testing

/// Damaged model files, all the way: import, passes, binding, compiling with planned memory, running. Each ends in an
/// error or in a run; a crash or a read out of bounds would end this process.
@Suite(.enabled(if: NodeCase.Suite.node.isExpected, "no test material; 'make material' makes it"))
struct DamagedModelRunTests {
    /// Small models that use packing, windows, shape arithmetic, indices and views.
    static let models = [
        "test_conv_with_strides_padding", "test_convtranspose_pads", "test_gemm_all_attributes", "test_maxpool_2d_pads",
        "test_reshape_reordered_all_dims", "test_resize_upsample_scales_linear", "test_slice_neg_steps",
        "test_batchnorm_example", "test_gather_1", "test_softmax_axis_1", "test_split_variable_parts_1d_opset18",
        "test_constant_pad", "test_transpose_default", "test_concat_2d_axis_0", "test_reduce_mean_keepdims_example",
        "test_lstm_with_peepholes", "test_gru_bidirectional", "test_rnn_seq_length", "test_qlinearconv",
        "test_if", "test_scan9_sum", "test_nonzero_example", "test_compress_0", "test_unique_sorted_with_axis",
        "test_nonmaxsuppression_two_classes", "test_range_float_type_positive_delta_expanded",
        "test_qlinearmatmul_3D_int8_float32", "test_quantizelinear_blocked_asymmetric", "test_dft",
        "test_stft_with_window", "test_roialign_aligned_true", "test_col2im_pads", "test_deform_conv_with_mask_bias",
        "test_tfidfvectorizer_tf_batch_uniandbigrams_skip5", "test_affine_grid_2d",
        "test_maxunpool_export_with_output_shape", "test_center_crop_pad_crop_and_pad", "test_hannwindow",
        "test_melweightmatrix", "test_reversesequence_time", "test_det_nd", "test_sce_mean_weight_ii_3d",
        "test_batchnorm_example_training_mode",
    ]

    /// Loops whose states and stacks change shape or are sequences, branches that make what is no tensor, and what is
    /// read from and written to sequences and optionals.
    static let withBodiesAndSequences = [
        "test_loop11", "test_loop13_seq", "test_loop16_seq_none", "test_scan_sum", "test_scan9_multi_state",
        "test_if_seq", "test_if_opt", "test_identity_sequence", "test_sequence_insert_at_front",
        "test_sequence_map_add_1_sequence_1_tensor_expanded", "test_sequence_map_extract_shapes_expanded",
        "test_split_to_sequence_1", "test_split_to_sequence_nokeepdims",
        "test_optional_get_element_optional_sequence",
    ]

    /// Of other domains, which become many nodes or read tables of attributes, and with packed numbers.
    private static let otherSuites: [(suite: NodeCase.Suite, names: [String])] = [
        (
            .contributed,
            [
                "matmul-4bits-groups-zeros", "matmul-2bits-packed-zeros-block32", "attention-bounds-causal1",
                "attention-rows-causal0-past", "multi-head-attention-past-both-bias",
                "multi-head-attention-pairs-lengths", "group-query-attention-room-rotary",
                "group-query-attention-chunk-sink", "rotary-offset-interleaved", "qlinear-concat-uint8",
                "qgemm-int8-int8-bias", "qlinear-globalaveragepool-uint8-4-1", "fused-conv-clip", "fused-matmul-5",
                "embed-layer-norm-111",
            ]
        ),
        (
            .narrow,
            ["dequantize-int4-blocks1", "quantize-uint2-rows", "quantize-float8e5m2", "dequantize-float4e2m1-blocks"]
        ),
        (
            .learned,
            [
                "imputer-nan", "label-encoder-float-int64", "array-feature-extractor", "linear-classifier-two",
                "tree-regressor-targets", "tree-classifier-softmax-base", "tree-classifier-two-none-chances",
            ]
        ),
    ]
    static let others = otherSuites.flatMap(\.names)

    static func suite(of name: String) -> NodeCase.Suite {
        otherSuites.first { $0.names.contains(name) }?.suite ?? .node
    }

    @Test(arguments: models + withBodiesAndSequences) func everyPrefix(_ name: String) throws {
        let damage = try Damage(name)
        for length in 0..<damage.bytes.count { damage.run(Array(damage.bytes.prefix(length))) }
        #expect(damage.runs + damage.errors == damage.bytes.count)
    }

    /// Files that are still files, with something wrong in them; `make fuzz` tries far more, and binds and inspects the
    /// others without running them.
    @Test(arguments: models + withBodiesAndSequences + others) func extremeNumbersAndLostFields(_ name: String)
        throws
    {
        let damage = try Damage(name)
        let variants = try #require(ModelDamage(damage.bytes))
        let full = ProcessInfo.processInfo.environment["MPINFER_FUZZ"].flatMap { Int($0) }
        var random = SplitMix(name.utf8.reduce(11) { ($0 &* 31) &+ UInt64($1) })
        let all = [
            DamagedModelRunTests.models, DamagedModelRunTests.withBodiesAndSequences, DamagedModelRunTests.others,
        ]
        .joined().count
        let count = full.map { $0 / all + 1 } ?? 20
        for round in 0..<count { damage.run(variants.damaged(&random), runs: full == nil || round % 10 == 0) }
        if full != nil {
            print("fuzz \(name): \(damage.runs) imported or run, \(damage.errors) refused, slowest \(damage.slowest) s")
        }
        #expect(damage.runs + damage.errors == count)
        #expect(damage.errors > 0, "no damage was noticed")
    }

    @Test(arguments: models + withBodiesAndSequences + others) func randomBytes(_ name: String) throws {
        let damage = try Damage(name)
        var random = SplitMix(name.utf8.reduce(7) { ($0 &* 31) &+ UInt64($1) })
        for _ in 0..<100 {
            var bytes = damage.bytes
            for _ in 0..<random.integer(1...3) {
                bytes[random.integer(0...(bytes.count - 1))] = UInt8(random.integer(0...255))
            }
            damage.run(bytes)
        }
        #expect(damage.runs + damage.errors == 100)
        #expect(damage.errors > 0, "no damage was noticed")
    }
}

/// A model, its inputs, and what became of damaged copies of it.
private final class Damage {
    let bytes: [UInt8]
    private let tensors: [Tensor]
    /// What is no tensor, or need not be there.
    private let others: [StageValue]
    private let path: String
    private(set) var runs = 0
    private(set) var errors = 0

    init(_ name: String) throws {
        let test = try DamagedModelRunTests.suite(of: name).load(name)
        let fed = Dictionary(uniqueKeysWithValues: try test.fed())
        let graph = try ONNXImporter.load(path: test.model).graph
        tensors = try graph.inputs.map { try #require(fed[graph.name(of: $0.value)]?.tensor) }
        others = graph.parameters.map { fed[graph.name(of: $0)] ?? .nothing }
        bytes = Array(try Data(contentsOf: URL(filePath: test.model)))
        path =
            FileManager.default.temporaryDirectory.appending(
                path: "damaged-\(name)-\(UInt64.random(in: 0 ... .max)).onnx"
            ).path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Seconds of the longest.
    private(set) var slowest = 0.0

    /// - Parameter runs: whether to run the model once it is compiled.
    func run(_ damaged: [UInt8], runs isRun: Bool = true) {
        let start = ContinuousClock.now
        defer { slowest = max(slowest, (ContinuousClock.now - start) / .seconds(1)) }
        do {
            // It stays where it is if the process ends here.
            try Data(damaged).write(to: URL(filePath: path))
            try compute(isRun: isRun)
            runs += 1
        } catch {
            errors += 1
        }
    }

    private func compute(isRun: Bool) throws {
        let imported = try ONNXImporter.load(path: path)
        let graph = try Passes.standard(imported.graph, evaluate: ConstantEvaluation.evaluator).graph
        guard graph.inputs.count == tensors.count, graph.parameters.count == others.count else {
            throw Failure("other inputs")
        }
        let known = Dictionary(zip(graph.inputs.map(\.value), tensors)) { first, _ in first }
            .filter { !$0.value.dtype.isFloatingPoint }
        let bound = try BoundGraph(
            graph, inputTypes: tensors.map(\.type), knownInputs: known, evaluate: ConstantEvaluation.evaluator)
        let nodes = bound.runtimeNodes
        // What would run for minutes is enough to have been compiled for.
        guard nodes.reduce(0.0, { $0 + bound.cost(of: $1).flops }) < 1e8 else { throw Failure("too much to run") }
        guard isRun else { return }
        var fed: [ValueID: StageValue] = [:]
        for (input, tensor) in zip(graph.inputs, tensors) where known[input.value] == nil {
            fed[input.value] = .tensor(tensor)
        }
        for (parameter, value) in zip(graph.parameters, others) { fed[parameter] = value }
        let part = GraphPart(nodes: nodes, inputs: fed.keys.sorted(), outputs: Set(graph.outputs).sorted())
        let program = try StageProgram(
            bound, part: part, weights: StageWeights(graph), arena: Arena(), pool: WorkerPool(threadCount: 1))
        let outputs = program.outputTypes.map { type in type.map { Tensor(uninitialized: $0.dtype, shape: $0.shape) } }
        // A loop may be damaged so that it does not end.
        var steps = 0
        _ = try program.run(values: part.inputs.map { fed[$0]! }, outputs: outputs) {
            steps += 1
            guard steps < 100_000 else { throw Failure("it runs on and on") }
        }
    }
}
