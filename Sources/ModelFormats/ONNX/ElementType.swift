internal import Graphs
internal import Tensors

/// An element type of the ONNX standard: its name there, and the dtype that it is here, if any.
struct ElementType {
    let name: String
    let dtype: DType?

    /// By `TensorProto.DataType`.
    private static let table: [ElementType?] = [
        nil,
        ElementType(name: "float", dtype: .float32),
        ElementType(name: "uint8", dtype: .uint8),
        ElementType(name: "int8", dtype: .int8),
        ElementType(name: "uint16", dtype: .uint16),
        ElementType(name: "int16", dtype: .int16),
        ElementType(name: "int32", dtype: .int32),
        ElementType(name: "int64", dtype: .int64),
        ElementType(name: "string", dtype: nil),
        ElementType(name: "bool", dtype: .bool),
        ElementType(name: "float16", dtype: .float16),
        ElementType(name: "double", dtype: .float64),
        ElementType(name: "uint32", dtype: .uint32),
        ElementType(name: "uint64", dtype: .uint64),
        ElementType(name: "complex64", dtype: nil),
        ElementType(name: "complex128", dtype: nil),
        ElementType(name: "bfloat16", dtype: .bfloat16),
        ElementType(name: "float8e4m3fn", dtype: nil),
        ElementType(name: "float8e4m3fnuz", dtype: nil),
        ElementType(name: "float8e5m2", dtype: nil),
        ElementType(name: "float8e5m2fnuz", dtype: nil),
        ElementType(name: "uint4", dtype: nil),
        ElementType(name: "int4", dtype: nil),
        ElementType(name: "float4e2m1", dtype: nil),
        ElementType(name: "float8e8m0", dtype: nil),
        ElementType(name: "uint2", dtype: nil),
        ElementType(name: "int2", dtype: nil),
        ElementType(name: "float6e2m3", dtype: nil),
        ElementType(name: "float6e3m2", dtype: nil),
    ]

    /// Where no dtype here has its numbers, and another can hold them.
    var narrow: NarrowFormat? { NarrowFormat(rawValue: name) }

    private init(name: String, dtype: DType?) {
        self.name = name
        self.dtype = dtype
    }

    /// Nil for codes that the standard does not define.
    init?(code: Int) {
        guard ElementType.table.indices.contains(code), let type = ElementType.table[code] else { return nil }
        self = type
    }
}
