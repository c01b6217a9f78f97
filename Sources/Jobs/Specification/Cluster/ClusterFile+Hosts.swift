extension ClusterFile {
    /// What to tell a user whose ranks are not where they were when the file was measured; nil where all is well, or where
    /// no calibration wrote the file.
    ///
    /// - Parameter hosts: of each rank, as MPI names them now.
    func hostWarning(running hosts: [String], path: String) -> String? {
        guard let measured = measuredHosts else { return nil }
        let moved = zip(measured, hosts).enumerated().filter { $1.0 != $1.1 }
        guard let (rank, (before, now)) = moved.first else { return nil }
        let (old, new) = (ClusterFile.distinct(measured), ClusterFile.distinct(hosts))
        let remedy = "calibrate again with 'mpinfer calibrate', or leave parallelism.cluster out"
        if Set(old) == Set(new) {
            return
                "\(path) was calibrated with the ranks placed otherwise: rank \(rank) was on \(before) and is on \(now) "
                + "now; its figures may not hold: start the ranks as for the calibration, or \(remedy)"
        }
        return "\(path) was calibrated on \(ClusterFile.listed(old)), and this job runs on \(ClusterFile.listed(new)): "
            + "its figures may not hold; \(remedy)"
    }

    private static func distinct(_ hosts: [String]) -> [String] {
        hosts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func listed(_ hosts: [String]) -> String {
        let shown = hosts.prefix(8).joined(separator: ", ")
        return hosts.count > 8 ? "\(shown) and \(hosts.count - 8) more" : shown
    }
}
