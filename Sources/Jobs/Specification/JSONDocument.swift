internal import FoundationEssentials
internal import ModelFormats
internal import Tensors

/// A JSON file that this program wrote and a user gives back: a plan, a profile.
enum JSONDocument {
    /// In bytes: a plan of a model with a million layers stays below it.
    private static let limit = 1 << 28

    /// - Parameters:
    ///   - kind: what the file should be, as in `plan`.
    ///   - remedy: how to make another one.
    /// - Throws: naming the file, the place in it, what was expected and found, and the remedy.
    static func read<Value: Decodable>(
        _ type: Value.Type, _ path: String, kind: String, remedy: String
    ) throws(JobError) -> Value {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try TextFile.bytes(of: path, limit: limit) } catch {
            throw JobError("\(path): the \(kind) cannot be read: \(error.placeAndReason); \(remedy)")
        }
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
            throw JobError("\(path): this is no \(kind) of mpinfer: \(JSONFault.sentence(error, in: bytes)); \(remedy)")
        }
    }
}
