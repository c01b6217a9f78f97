internal import FoundationEssentials
internal import Graphs
internal import Tensors

/// Turns the tensors of a model file into constants: small ones into memory, large ones into references to where they
/// lie.
struct TensorReader {
    let modelPath: String
    let payloads: [ModelSkeleton.Payload]
    /// Constants of this many bytes or fewer are read at once.
    let payloadLimit: Int

    /// - Throws: `.inexpressible` for an element type that we lack, `.malformed` for everything else.
    func constant(_ proto: Onnx_TensorProto) throws(ConversionError) -> Constant {
        guard let element = ElementType(code: Int(proto.dataType)) else {
            throw .malformed("element type \(proto.dataType) is none that ONNX defines")
        }
        guard let dtype = element.dtype else { throw .inexpressible(element.name) }
        return try constant(proto, type: TensorType(dtype, try shape(proto)))
    }

    /// The bytes [count] that narrow numbers are packed in, and the shape of these.
    func packed(
        _ proto: Onnx_TensorProto, _ format: NarrowFormat
    ) throws(ConversionError) -> (bytes: Constant, shape: Shape) {
        let shape = try shape(proto)
        let type = TensorType(.uint8, Shape([format.byteCount(of: shape.elementCount)]))
        return (try constant(proto, type: type), shape)
    }

    private func shape(_ proto: Onnx_TensorProto) throws(ConversionError) -> Shape {
        let dimensions = proto.dims.map { Int($0) }
        guard let shape = Shape(checking: dimensions) else {
            throw .malformed("the extents \(dimensions) are impossible")
        }
        return shape
    }

    private func constant(_ proto: Onnx_TensorProto, type: TensorType) throws(ConversionError) -> Constant {
        if proto.dataLocation == .external { return try external(proto, type: type) }
        if proto.hasSegment { return try payload(proto, type: type) }
        if proto.hasRawData {
            guard proto.rawData.count == type.byteCount else { throw mismatch(type, bytes: proto.rawData.count) }
            let tensor = Tensor(uninitialized: type.dtype, shape: type.shape)
            tensor.withMutableBytes { bytes in _ = proto.rawData.copyBytes(to: bytes) }
            return .tensor(tensor.normalized)
        }
        return .tensor(try typed(proto, type: type))
    }

    private func mismatch(_ type: TensorType, bytes: Int) -> ConversionError {
        .malformed("\(type) takes \(type.byteCount) bytes, and there are \(bytes)")
    }

    // MARK: Elements left in the file

    private func payload(_ proto: Onnx_TensorProto, type: TensorType) throws(ConversionError) -> Constant {
        let index = Int(proto.segment.begin)
        guard payloads.indices.contains(index), !proto.hasRawData, proto.floatData.isEmpty, proto.doubleData.isEmpty,
            proto.int32Data.isEmpty, proto.int64Data.isEmpty, proto.uint64Data.isEmpty
        else { throw .malformed("the elements lie in more than one field") }
        let payload = payloads[index]
        switch payload.field {
        case .raw: break
        case .float where type.dtype == .float32: break
        case .double where type.dtype == .float64: break
        case .int32, .int64, .uint64: return .tensor(try typed(decoded(proto, payload, type: type), type: type))
        default: throw .malformed("the elements of \(type) lie in a field for another dtype")
        }
        return try constant(in: payload.region, type: type)
    }

    /// A tensor whose elements were left in the file as numbers of 1 to 10 bytes, with these read. The shape says how many
    /// there may be before any is allocated.
    private func decoded(
        _ proto: Onnx_TensorProto, _ payload: ModelSkeleton.Payload, type: TensorType
    ) throws(ConversionError) -> Onnx_TensorProto {
        let count = type.shape.elementCount
        guard payload.region.byteCount <= 10 * count else { throw mismatch(type, bytes: payload.region.byteCount) }
        var numbers: [UInt64] = []
        do throws(ModelError) {
            var reader = try WireReader(path: payload.region.path, position: payload.region.offset)
            let end = payload.region.offset + payload.region.byteCount
            while reader.position < end {
                numbers.append(try reader.varint())
                guard numbers.count <= count, reader.position <= end else { break }
            }
            guard reader.position == end, numbers.count <= count else {
                throw reader.error("\(type) has \(count) elements, and there are others")
            }
        } catch {
            throw .malformed(error.reason)
        }
        var result = proto
        switch payload.field {
        case .int32: result.int32Data = numbers.map { Int32(truncatingIfNeeded: $0) }
        case .int64: result.int64Data = numbers.map { Int64(truncatingIfNeeded: $0) }
        default: result.uint64Data = numbers
        }
        return result
    }

    /// Loads what is small: it may decide shapes. Any byte but 0 is true to ONNX, but not to a Swift `Bool`, so that
    /// masks of any size are read.
    private func constant(in region: FileRegion, type: TensorType) throws(ConversionError) -> Constant {
        guard region.byteCount == type.byteCount else { throw mismatch(type, bytes: region.byteCount) }
        guard type.byteCount <= payloadLimit || type.dtype == .bool else { return .file(region, type) }
        guard type.byteCount <= 1 << 30 else { throw .malformed("a mask of \(type), past 1 GiB") }
        do {
            return .tensor(try Constant.file(region, type).load().normalized)
        } catch {
            throw .malformed("\(error)")
        }
    }

    private func external(_ proto: Onnx_TensorProto, type: TensorType) throws(ConversionError) -> Constant {
        var entries: [String: String] = [:]
        for entry in proto.externalData { entries[entry.key] = entry.value }
        guard let location = entries["location"], !location.isEmpty else {
            throw .malformed("external data without a location")
        }
        // A model must not name files that its user did not hand over with it.
        guard !location.hasPrefix("/"), !location.contains("\0"), !location.split(separator: "/").contains("..") else {
            throw .malformed("external data at '\(location)', which is not in the model's folder")
        }
        func number(_ key: String) throws(ConversionError) -> Int? {
            guard let text = entries[key] else { return nil }
            guard let number = Int(text), number >= 0 else {
                throw .malformed("external data at '\(location)' whose \(key) '\(text)' is no count of bytes")
            }
            return number
        }
        let offset = try number("offset") ?? 0
        let length = try number("length") ?? type.byteCount
        guard length == type.byteCount else { throw mismatch(type, bytes: length) }
        let path = URL(filePath: modelPath).deletingLastPathComponent().appending(path: location).path
        let size: Int
        do throws(ModelError) {
            size = try WireReader(path: path).size
        } catch {
            throw .malformed("external data: \(error.description)")
        }
        guard offset <= size, length <= size - offset else {
            throw .malformed("external data: \(path) has \(size) bytes; \(length) from byte \(offset) on are wanted")
        }
        return try constant(in: FileRegion(path: path, offset: offset, byteCount: length), type: type)
    }

    // MARK: Elements in typed fields

    private func typed(_ proto: Onnx_TensorProto, type: TensorType) throws(ConversionError) -> Tensor {
        switch type.dtype {
        case .float32: try tensor(proto.floatData, type)
        case .float64: try tensor(proto.doubleData, type)
        case .int64: try tensor(proto.int64Data, type)
        case .uint64: try tensor(proto.uint64Data, type)
        case .uint32: try tensor(proto.uint64Data.map { UInt32(truncatingIfNeeded: $0) }, type)
        case .int32: try tensor(proto.int32Data, type)
        case .int16: try tensor(proto.int32Data.map { Int16(truncatingIfNeeded: $0) }, type)
        case .int8: try tensor(proto.int32Data.map { Int8(truncatingIfNeeded: $0) }, type)
        case .uint8: try tensor(proto.int32Data.map { UInt8(truncatingIfNeeded: $0) }, type)
        case .bool: try tensor(proto.int32Data.map { $0 != 0 }, type)
        // The bit patterns of the half-precision numbers.
        case .uint16, .float16, .bfloat16:
            try tensor(proto.int32Data.map { UInt16(truncatingIfNeeded: $0) }, type)
        }
    }

    private func tensor<Element: TensorElement>(
        _ elements: [Element], _ type: TensorType
    ) throws(ConversionError) -> Tensor {
        guard elements.count == type.shape.elementCount else {
            throw .malformed("\(type) has \(type.shape.elementCount) elements, and there are \(elements.count)")
        }
        return Tensor(dtype: type.dtype, shape: type.shape, storage: Tensor(elements).storage)
    }
}

extension Tensor {
    /// Itself, with the bytes of truth values made 0 or 1.
    fileprivate var normalized: Tensor {
        guard dtype == .bool else { return self }
        return Tensor(withBytes { $0.map { $0 != 0 } }, shape: shape)
    }
}
