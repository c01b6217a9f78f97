import Foundation
import Tensors
import TestSupport

/// Numbers for constants that lie in a file; gone with its owner.
final class WeightFile {
    let region: FileRegion

    init(_ random: inout SplitMix) throws {
        let path =
            NSTemporaryDirectory() + "mpinfer-weights-\(ProcessInfo.processInfo.processIdentifier)-"
            + "\(random.next())"
        let values = (0..<40_000).map { _ in Float.random(in: -1...1, using: &random) }
        try values.withUnsafeBytes { Data($0) }.write(to: URL(filePath: path))
        region = FileRegion(path: path, offset: 0, byteCount: values.count * 4)
    }

    deinit { try? FileManager.default.removeItem(atPath: region.path) }
}
