/// Models written as bytes of the ONNX format, for what no model of the material has.
struct TinyModel {
    /// Field numbers are those of onnx.proto.
    struct Message {
        private(set) var bytes: [UInt8] = []

        mutating func add(_ field: Int, _ value: Int) {
            bytes += Message.variable(field << 3) + Message.variable(value)
        }

        mutating func add(_ field: Int, _ content: [UInt8]) {
            bytes += Message.variable(field << 3 | 2) + Message.variable(content.count) + content
        }

        mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

        static func build(_ fill: (inout Message) -> Void) -> [UInt8] {
            var message = Message()
            fill(&message)
            return message.bytes
        }

        private static func variable(_ value: Int) -> [UInt8] {
            var rest = UInt64(bitPattern: Int64(value))
            var bytes: [UInt8] = []
            repeat {
                bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
                rest >>= 7
            } while rest > 0
            return bytes
        }
    }

    /// ONNX's numbers for element types.
    enum ElementType: Int {
        case float32 = 1
        case int64 = 7
    }

    /// An extent of an input or output: a number, a symbol, or nil for the symbol `N` that counts items.
    enum Extent: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
        case number(Int)
        case symbol(String)

        init(integerLiteral value: Int) { self = .number(value) }
        init(stringLiteral value: String) { self = .symbol(value) }
        init(nilLiteral: ()) { self = .symbol("N") }
    }

    private var graph = Message()

    mutating func input(_ name: String, _ extents: [Extent], _ type: ElementType = .float32) {
        graph.add(11, TinyModel.value(name, type, extents))
    }

    mutating func output(_ name: String, _ extents: [Extent], _ type: ElementType = .float32) {
        graph.add(12, TinyModel.value(name, type, extents))
    }

    mutating func constant(_ name: String, shape: [Int], _ values: [Float]) {
        constant(name, .float32, shape, values.withUnsafeBytes { Array($0) })
    }

    mutating func constant(_ name: String, shape: [Int], _ values: [Int64]) {
        constant(name, .int64, shape, values.withUnsafeBytes { Array($0) })
    }

    private mutating func constant(_ name: String, _ type: ElementType, _ shape: [Int], _ bytes: [UInt8]) {
        graph.add(
            5,
            Message.build { tensor in
                for extent in shape { tensor.add(1, extent) }
                tensor.add(2, type.rawValue)
                tensor.add(8, name)
                tensor.add(9, bytes)
            })
    }

    /// float32 numbers that lie in a separate file next to the model.
    mutating func constant(_ name: String, shape: [Int], file: String, offset: Int) {
        graph.add(
            5,
            Message.build { tensor in
                for extent in shape { tensor.add(1, extent) }
                tensor.add(2, ElementType.float32.rawValue)
                tensor.add(8, name)
                let entries = [("location", file), ("offset", "\(offset)"), ("length", "\(shape.reduce(4, *))")]
                for (key, value) in entries {
                    tensor.add(
                        13,
                        Message.build { entry in
                            entry.add(1, key)
                            entry.add(2, value)
                        })
                }
                tensor.add(14, 1)
            })
    }

    /// A node whose attributes are integers and lists of texts, and whose name is also that of its output.
    mutating func node(
        _ type: String, _ name: String, _ inputs: [String], attributes: [(String, Int)] = [],
        texts: [(String, [String])] = [], domain: String = ""
    ) {
        graph.add(
            1,
            Message.build { node in
                for input in inputs { node.add(1, input) }
                node.add(2, name)
                node.add(3, name)
                node.add(4, type)
                for (key, value) in attributes {
                    node.add(
                        5,
                        Message.build { attribute in
                            attribute.add(1, key)
                            attribute.add(3, value)
                            attribute.add(20, 2)
                        })
                }
                for (key, values) in texts {
                    node.add(
                        5,
                        Message.build { attribute in
                            attribute.add(1, key)
                            for value in values { attribute.add(9, value) }
                            attribute.add(20, 8)
                        })
                }
                node.add(7, domain)
            })
    }

    var bytes: [UInt8] {
        Message.build { model in
            model.add(1, 8)
            var graph = graph
            graph.add(2, "tiny")
            model.add(7, graph.bytes)
            model.add(8, Message.build { $0.add(2, 17) })
        }
    }

    private static func value(_ name: String, _ type: ElementType, _ extents: [Extent]) -> [UInt8] {
        let shape = Message.build { shape in
            for extent in extents {
                shape.add(
                    1,
                    Message.build { dimension in
                        switch extent {
                        case .number(let number): dimension.add(1, number)
                        case .symbol(let symbol): dimension.add(2, symbol)
                        }
                    })
            }
        }
        let tensor = Message.build { tensor in
            tensor.add(1, type.rawValue)
            tensor.add(2, shape)
        }
        return Message.build { value in
            value.add(1, name)
            value.add(2, Message.build { $0.add(1, tensor) })
        }
    }
}
