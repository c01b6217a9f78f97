internal import SwiftProtobuf

/// The nodes of a graph in an order in which each comes after those that it takes values from: the file's own where
/// that is one.
struct NodeOrder {
    private(set) var indices: [Int] = []

    private let nodes: [Onnx_NodeProto]
    /// What each node takes, its bodies included.
    private let used: [[String]]
    private let path: String
    private var producers: [String: Int] = [:]

    /// - Parameter given: values that no node makes, inputs and initialisers.
    init(_ nodes: [Onnx_NodeProto], path: String, given: Set<String>) throws(ModelError) {
        self.nodes = nodes
        used = nodes.map(\.usedNames)
        self.path = path
        for (index, node) in nodes.enumerated() {
            for output in node.output where !output.isEmpty {
                if given.contains(output) {
                    throw error("node \(text(index)) makes '\(output)', which is an input or initializer already")
                }
                if let other = producers.updateValue(index, forKey: output) {
                    throw error("nodes \(text(other)) and \(text(index)) both make '\(output)'")
                }
            }
        }
        for (index, used) in used.enumerated() {
            for input in used where !input.isEmpty && !given.contains(input) && producers[input] == nil {
                throw error(
                    "node \(text(index)) takes '\(input)', which is no input, no initializer and no node's output")
            }
        }
        try sort()
    }

    private func text(_ index: Int) -> String { "'\(nodes[index].label)' (\(nodes[index].opType))" }

    private func error(_ reason: String) -> ModelError { ModelError(path: path, reason: reason) }

    /// Depth first, without recursion: graphs can be deeper than stacks.
    private mutating func sort() throws(ModelError) {
        enum State { case new, open, done }
        var states = [State](repeating: .new, count: nodes.count)
        var stack: [(node: Int, operand: Int)] = []
        for root in nodes.indices where states[root] == .new {
            stack.append((root, 0))
            states[root] = .open
            while let top = stack.last {
                guard top.operand < used[top.node].count else {
                    states[top.node] = .done
                    indices.append(top.node)
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].operand += 1
                guard let producer = producers[used[top.node][top.operand]] else { continue }
                switch states[producer] {
                case .done: break
                case .new:
                    stack.append((producer, 0))
                    states[producer] = .open
                case .open:
                    let first = stack.firstIndex { $0.node == producer } ?? 0
                    let names = stack[first...].reversed().prefix(8).map { text($0.node) }
                    throw error(
                        "these nodes form a cycle, each takes a value from the one before: "
                            + names.joined(separator: ", "))
                }
            }
        }
    }
}
