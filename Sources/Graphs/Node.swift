/// One use of an operator in a graph. Operands and results that an operator may leave out are nil.
public struct Node: Sendable, Codable, Hashable {
    public var name: String
    public var operation: Operation
    public var inputs: [ValueID?]
    public var outputs: [ValueID?]

    public init(name: String, operation: Operation, inputs: [ValueID?], outputs: [ValueID?]) {
        self.name = name
        self.operation = operation
        self.inputs = inputs
        self.outputs = outputs
    }
}
