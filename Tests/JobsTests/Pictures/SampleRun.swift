import Foundation
import Planning

@testable import Jobs

/// Made-up runs to draw: pipelines of any length, with names that nobody should have given.
struct SampleRun {
    let plan: PartitionPlan
    let layers: LayerFigures
    let measured: Timeline
    let predicted: Timeline

    static let nastyName =
        "a<b>&\"c'</text></svg>]]><script>alert(1)</script>\u{0}\u{7}\u{202E}\u{FFFE}\n" + "é中\u{1F600}"

    /// - Parameters:
    ///   - microbatchSeconds: that a stage computes a microbatch for.
    ///   - nasty: names that would break the markup.
    init(
        stages: Int, microbatches: Int = 8, layersPerStage: Int = 3, microbatchSeconds: Double = 2e-3,
        nasty: Bool = false
    ) throws {
        func name(_ text: String) -> String { nasty ? SampleRun.nastyName + text : text }
        let count = stages * layersPerStage
        let stageObjects: [[String: Any]] = (0..<stages).map { stage in
            let range = stage * layersPerStage..<(stage + 1) * layersPerStage
            return [
                "index": stage, "teams": [["ranks": [stage]]], "nodes": Array(range),
                "layerNames": range.map { name("layer\($0)") },
                "flops": 1e9, "parameterCount": 1000, "parameterByteCount": 4000,
            ]
        }
        let edges: [[String: Any]] = (1..<max(1, stages)).map { stage in
            [
                "index": stage - 1, "value": stage, "name": name("value\(stage)"), "from": stage - 1, "to": stage,
                "byteCount": 100_000 * stage, "hasHeader": stage == 2, "pieceCount": 1,
                "sendSlotCount": 2, "receiveSlotCount": 2,
            ]
        }
        let object: [String: Any] = [
            "modelFingerprint": "", "strategy": "optimal", "microbatchSize": 8, "stages": stageObjects,
            "edges": stages > 1 ? edges : [], "inputs": [Any](), "states": [Any](), "outputs": [Any](),
            "policy": ["distribution": ["cyclic": [String: Any]()]],
        ]
        plan = try JSONDecoder().decode(PartitionPlan.self, from: JSONSerialization.data(withJSONObject: object))
        layers = LayerFigures(
            origin: .measured,
            layers: (0..<count).map { index -> LayerFigures.Layer in
                let seconds = 1e-4 * Double(1 + index % 7)
                let bytes = index == 0 ? 0 : 1e5 * Double(1 + index % 5)
                return LayerFigures.Layer(
                    name: name("layer\(index)"), operatorName: "Conv", seconds: seconds, flops: 1e8,
                    cutByteCount: bytes)
            })
        measured = SampleRun.timeline(stages, microbatches, seconds: microbatchSeconds, isMeasured: true)
        predicted = SampleRun.timeline(stages, microbatches, seconds: microbatchSeconds * 0.8, isMeasured: false)
    }

    /// A pipeline in which each stage takes as long as the others.
    private static func timeline(
        _ stages: Int, _ microbatches: Int, seconds: Double, isMeasured: Bool
    ) -> Timeline {
        var timeline = Timeline(ranks: (0..<stages).map { Timeline.RankSummary(rank: $0, stages: [$0]) })
        for rank in 0..<stages {
            var now = 0.0
            for microbatch in 0..<microbatches {
                let start = Double(rank + microbatch) * seconds
                if start > now {
                    timeline.ranks[rank].spans.append(.init(.wait, microbatch: microbatch, start: now, end: start))
                    timeline.ranks[rank].waits.append(
                        .init(edge: rank - 1, microbatch: microbatch, start: now, end: start))
                }
                now = start + seconds * 0.9
                timeline.ranks[rank].spans.append(.init(.compute, microbatch: microbatch, start: start, end: now))
                timeline.ranks[rank].sends.append(
                    .init(edge: rank, microbatch: microbatch, start: now, end: now))
                if isMeasured {
                    timeline.ranks[rank].memory.append(.init(time: now, byteCount: 40_000_000 + 1000 * microbatch))
                }
            }
            timeline.ranks[rank].seconds = [
                .load: 0.5 * seconds, .compute: Double(microbatches) * seconds * 0.9, .wait: Double(rank) * seconds,
                .communicate: Double(microbatches) * seconds * 0.05, .inputOutput: seconds,
            ]
            timeline.ranks[rank].elapsed = now
            timeline.ranks[rank].plannedWeights = 30_000_000
            timeline.ranks[rank].plannedActivations = 2_000_000
        }
        return timeline
    }

    var charts: RunCharts {
        RunCharts(
            prefix: "", measured: measured, predicted: predicted, plan: plan, layers: layers,
            breakdown: TimeBreakdown(measured), microbatches: measured.microbatchesNoted)
    }

    /// As a plan of a comparison.
    func entry(
        strategies: [String] = ["optimal"], itemsPerSecond: Double, ratio: ClosedRange<Double>?
    ) -> ComparisonReport.Entry {
        ComparisonReport.Entry(
            strategies: strategies, ranks: plan.stages.count, microbatch: 8, stages: [],
            predicted: PlanPrediction.Outcome(
                ranks: plan.stages.count, makespan: 1, itemsPerSecond: itemsPerSecond * 1.08, latency: 1e-2),
            rounds: [itemsPerSecond * 0.95, itemsPerSecond, itemsPerSecond * 1.04], itemsPerSecond: itemsPerSecond,
            latency: 1e-2, idle: 0.1, exposedCommunication: 0.02, peakMemory: 40_000_000, predictionError: 0.08,
            ratioToBest: ratio.map(ComparisonReport.Interval.init), measuredTimeline: measured,
            predictedTimeline: predicted, plan: plan, layers: layers)
    }

    /// Plans for these numbers of ranks, the most ranks first.
    static func comparison(ranks: [Int], nasty: Bool = false) throws -> ComparisonReport {
        let counts = ranks.sorted(by: >)
        let entries = try counts.enumerated().map { place, count in
            try SampleRun(stages: count, nasty: nasty).entry(
                strategies: nasty ? [nastyName, nastyName] : ["uniform", "profiled", "optimal"],
                itemsPerSecond: 100 * Double(count) / (1 + 0.01 * Double(count)),
                ratio: place == 0 ? nil : 0.5 / Double(place)...min(3, 1.1 / Double(place)))
        }
        return ComparisonReport(
            model: nasty ? nastyName : "models/network.onnx", items: 640, rounds: 3, threads: 1, hosts: ["node1"],
            entries: entries, leftOut: nasty ? [nastyName] : [])
    }
}
