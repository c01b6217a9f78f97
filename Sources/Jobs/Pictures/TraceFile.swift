internal import Planning

/// Timelines in the Trace Event Format, which Perfetto (https://ui.perfetto.dev) and chrome://tracing open: a process
/// for what was measured and one for what was predicted, with a thread for each rank.
///
/// Source of the format: "Trace Event Format", Google, 2016. Times are microseconds.
struct TraceFile {
    /// Spans that are written of all ranks; more make files that viewers give up on.
    private static let spanLimit = 1 << 20

    let measured: Timeline?
    let predicted: Timeline?
    let plan: PartitionPlan?
    let model: String

    private var sources: [(process: Int, name: String, timeline: Timeline)] {
        [(1, "measured", measured), (2, "predicted", predicted)].compactMap { process, name, timeline in
            timeline.map { (process, name, $0) }
        }
    }

    var json: String {
        var events: [String] = []
        let rankCount = sources.reduce(0) { $0 + $1.timeline.ranks.count }
        let limit = max(256, TraceFile.spanLimit / max(1, rankCount))
        for (process, name, timeline) in sources {
            events += names(process, name, timeline)
            let spans = timeline.spansWithTransfers().map { Array($0.prefix(limit)) }
            for (rank, spans) in zip(timeline.ranks, spans) {
                events += spans.map { complete($0, rank, process) }
                events += rank.sends.prefix(limit).map { send($0, rank, process) }
                events += rank.memory.map { memory($0, rank, process) }
            }
            events += messages(timeline, spans, process)
        }
        return """
            {"displayTimeUnit":"ms","otherData":{"program":"mpinfer","model":\(JSONValue.quoted(model))},"traceEvents":[
            \(events.joined(separator: ",\n"))
            ]}

            """
    }

    private func names(_ process: Int, _ name: String, _ timeline: Timeline) -> [String] {
        var events = [
            "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":\(process),\"tid\":0,\"args\":{\"name\":\"\(name)\"}}",
            "{\"name\":\"process_sort_index\",\"ph\":\"M\",\"pid\":\(process),\"tid\":0,"
                + "\"args\":{\"sort_index\":\(process)}}",
        ]
        for rank in timeline.ranks {
            let list = rank.stages.map(String.init).joined(separator: ", ")
            let stage = list.isEmpty ? "" : ", stage \(list)"
            events.append(
                "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":\(process),\"tid\":\(rank.rank),"
                    + "\"args\":{\"name\":\"rank \(rank.rank)\(stage)\"}}")
            events.append(
                "{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":\(process),\"tid\":\(rank.rank),"
                    + "\"args\":{\"sort_index\":\(rank.rank)}}")
        }
        return events
    }

    private func complete(_ span: Timeline.Span, _ rank: Timeline.RankSummary, _ process: Int) -> String {
        let kind = TimeKind(span.activity)
        let name = kind == .bubble ? "idle" : kind.label
        return "{\"name\":\"\(name)\",\"cat\":\"\(span.activity.rawValue)\",\"ph\":\"X\",\"pid\":\(process),"
            + "\"tid\":\(rank.rank),\"ts\":\(time(span.start)),\"dur\":\(time(max(0, span.end - span.start))),"
            + "\"args\":{\"microbatch\":\(span.microbatch)}}"
    }

    private func send(_ event: Timeline.MessageEvent, _ rank: Timeline.RankSummary, _ process: Int) -> String {
        "{\"name\":\"send\",\"cat\":\"message\",\"ph\":\"i\",\"s\":\"t\",\"pid\":\(process),\"tid\":\(rank.rank),"
            + "\"ts\":\(time(event.start)),\"args\":{\"edge\":\(event.edge),\"microbatch\":\(event.microbatch)}}"
    }

    private func memory(_ sample: Timeline.MemorySample, _ rank: Timeline.RankSummary, _ process: Int) -> String {
        "{\"name\":\"memory of rank \(rank.rank)\",\"ph\":\"C\",\"pid\":\(process),\"tid\":\(rank.rank),"
            + "\"ts\":\(time(sample.time)),\"args\":{\"bytes\":\(sample.byteCount)}}"
    }

    /// Arrows from the computing of a microbatch on one stage to that on the stage it is sent to.
    private func messages(_ timeline: Timeline, _ spans: [[Timeline.Span]], _ process: Int) -> [String] {
        guard let plan else { return [] }
        let computing = spans.map { spans in
            Dictionary(
                spans.lazy.filter { $0.activity == .compute }.map { ($0.microbatch, $0) }, uniquingKeysWith: { $1 })
        }
        var events: [String] = []
        var number = 0
        let pairs = plan.edges.flatMap { edge in
            plan.stages[edge.from].ranks.flatMap { from in plan.stages[edge.to].ranks.map { (edge, from, $0) } }
        }
        for (edge, from, to) in pairs where from != to {
            guard from < computing.count, to < computing.count else { continue }
            for (microbatch, made) in computing[from].sorted(by: { $0.key < $1.key }) {
                guard let taken = computing[to][microbatch], events.count < TraceFile.spanLimit else { continue }
                number += 1
                // An end belongs to the block that it lies inside of.
                let sides = [
                    ("s", from, made.end - (made.end - made.start) * 1e-3, ""),
                    ("f", to, taken.start + (taken.end - taken.start) * 1e-3, ",\"bp\":\"e\""),
                ]
                for (phase, rank, at, binding) in sides {
                    events.append(
                        "{\"name\":\(JSONValue.quoted(edge.name)),\"cat\":\"message\",\"ph\":\"\(phase)\","
                            + "\"id\":\(process * 1_000_000_000 + number),\"pid\":\(process),\"tid\":\(rank),"
                            + "\"ts\":\(time(at))\(binding),\"args\":{\"edge\":\(edge.index),\"microbatch\":\(microbatch),"
                            + "\"bytes\":\(edge.byteCount)}}")
                }
            }
        }
        return events
    }

    /// Seconds as microseconds, to the nanosecond.
    private func time(_ seconds: Double) -> String { seconds.isFinite ? Quantity.fixed(seconds * 1e6, 3) : "0" }
}
