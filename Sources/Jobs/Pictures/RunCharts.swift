internal import Planning

/// The charts and tables of one run: of a job, or of a plan in a comparison.
struct RunCharts {
    /// Begins the names of the charts; unique on a page.
    let prefix: String
    let measured: Timeline?
    let predicted: Timeline?
    let plan: PartitionPlan?
    let layers: LayerFigures?
    let breakdown: TimeBreakdown?
    let microbatches: Int

    /// Charts of a pipeline that fills, for runs that are too long for their blocks to be seen.
    var timelines: [Chart] {
        let beginning = measured?.beginning(microbatches: 2 * (measured?.ranks.count ?? 0) + 2)
        return [timeline("timeline", "Timeline of the ranks", window: nil)]
            .compactMap(\.self)
            + (beginning == nil
                ? [] : [timeline("beginning", "The beginning of the timeline", window: beginning)].compactMap(\.self))
    }

    private func timeline(_ name: String, _ title: String, window: ClosedRange<Double>?) -> Chart? {
        TimelineChart(
            name: prefix + name, title: title, predicted: predicted, measured: measured, microbatches: microbatches,
            window: window
        ).chart
    }

    var breakdownChart: Chart? { breakdown.flatMap { BreakdownChart(name: prefix + "breakdown", breakdown: $0).chart } }

    var layersChart: Chart? {
        guard let layers, let plan else { return nil }
        return LayersChart(name: prefix + "layers", figures: layers, plan: plan).chart
    }

    var trafficChart: Chart? { plan.flatMap { TrafficChart(name: prefix + "traffic", plan: $0).chart } }

    var memoryChart: Chart? { measured.flatMap { MemoryChart(name: prefix + "memory", timeline: $0).chart } }

    /// Of a page, in the order in which one reads them.
    ///
    /// - Parameter rankTable: what is said about the ranks in addition to the charts.
    func sections(rankTable: TextTable? = nil) -> [ReportPage.Section] {
        var time = ReportPage.Section(title: "Where the time went", charts: [breakdownChart].compactMap(\.self))
        if let rankTable { time.openTables = [PageTable(caption: "Ranks", rankTable)] }
        var cuts = ReportPage.Section(
            title: "Layers, stages and cuts", charts: [layersChart, trafficChart].compactMap(\.self))
        if let plan {
            cuts.openTables = [PageTable(caption: "Stages", PlanText.stageTable(plan))]
            if !plan.edges.isEmpty {
                cuts.tables.append(PageTable(caption: "Values that are sent, per microbatch", PlanText.edgeTable(plan)))
            }
        }
        if let layerTable { cuts.tables.append(PageTable(caption: "Layers, per microbatch", layerTable)) }
        return [
            ReportPage.Section(title: "Timeline", charts: timelines), time, cuts,
            ReportPage.Section(title: "Memory", charts: [memoryChart].compactMap(\.self)),
        ]
    }

    private var layerTable: TextTable? {
        guard let layers, let plan else { return nil }
        var table = TextTable([
            ("layer", .left), ("operator", .left), ("stage", .right),
            (layers.origin == .measured ? "time" : "time by operations", .right), ("operations", .right),
            ("bytes over a cut before it", .right),
        ])
        let stages = plan.stages.flatMap { stage in stage.nodes.map { _ in stage.index } }
        for (layer, stage) in zip(layers.layers, stages) {
            table.add([
                layer.name, layer.operatorName, String(stage), Quantity.seconds(layer.seconds),
                Quantity.flops(layer.flops), Quantity.bytes(Int(min(max(0, layer.cutByteCount), 1e18))),
            ])
        }
        return table
    }
}
