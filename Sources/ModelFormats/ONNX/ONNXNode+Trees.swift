internal import Graphs

/// Trees as attributes spell them out: lists with an entry for each node, and lists with an entry for each weight.
extension ONNXNode {
    private struct Key: Hashable {
        let tree: Int
        let node: Int
    }

    private static let rules: [String: TreeEnsemble.Rule] = [
        "LEAF": .leaf, "BRANCH_LEQ": .lessOrEqual, "BRANCH_LT": .less, "BRANCH_GTE": .greaterOrEqual,
        "BRANCH_GT": .greater, "BRANCH_EQ": .equal, "BRANCH_NEQ": .notEqual,
    ]

    /// - Parameter weights: how the names of the attributes about weights begin.
    func trees(
        weights prefix: String, targetCount: Int, aggregate: TreeEnsemble.Aggregate
    ) throws(ConversionError) -> TreeEnsemble {
        for name in ["nodes_values", "nodes_hitrates", "base_values", "\(prefix)_weights"]
        where has("\(name)_as_tensor") { throw .inexpressible("with \(name) as a tensor") }
        // How often training visited it.
        ignore("nodes_hitrates")
        guard targetCount > 0 else { throw .malformed("it has \(targetCount) targets") }
        let keys = try keys("nodes")
        let features = try list("nodes_featureids", keys.count)
        let (whenTrue, whenFalse) = (
            try list("nodes_truenodeids", keys.count), try list("nodes_falsenodeids", keys.count)
        )
        let missing =
            has("nodes_missing_value_tracks_true")
            ? try list("nodes_missing_value_tracks_true", keys.count) : nil
        guard let values = try floats("nodes_values"), let modes = try strings("nodes_modes"),
            values.count == keys.count, modes.count == keys.count
        else { throw .malformed("nodes_values and nodes_modes must have \(keys.count) entries each") }
        var places: [Key: Int] = [:]
        for (index, key) in keys.enumerated() {
            guard places.updateValue(index, forKey: key) == nil else {
                throw .malformed("tree \(key.tree) has two nodes \(key.node)")
            }
        }
        var found: [TreeEnsemble.Node] = []
        var isChild = [Bool](repeating: false, count: keys.count)
        for (index, key) in keys.enumerated() {
            guard let rule = ONNXNode.rules[modes[index]] else {
                throw .inexpressible("with nodes of the mode \(modes[index])")
            }
            guard features[index] >= 0 else { throw .malformed("a node asks for feature \(features[index])") }
            var children = [0, 0]
            if rule != .leaf {
                for (side, id) in [whenTrue[index], whenFalse[index]].enumerated() {
                    guard let child = places[Key(tree: key.tree, node: id)], !isChild[child] else {
                        throw .malformed("node \(id) of tree \(key.tree) is missing, or has two parents")
                    }
                    isChild[child] = true
                    children[side] = child
                }
            }
            found.append(
                TreeEnsemble.Node(
                    rule: rule, takesMissing: missing.map { $0[index] != 0 } ?? false, feature: features[index],
                    value: values[index], ifTrue: children[0], ifFalse: children[1]))
        }
        return try ordered(
            found, isChild, keys: keys, weights: weights(prefix, places, targetCount: targetCount),
            targetCount: targetCount, aggregate: aggregate)
    }

    /// The same trees with parents before their children, and each leaf's weights side by side.
    private func ordered(
        _ found: [TreeEnsemble.Node], _ isChild: [Bool], keys: [Key], weights: [[TreeEnsemble.Weight]],
        targetCount: Int, aggregate: TreeEnsemble.Aggregate
    ) throws(ConversionError) -> TreeEnsemble {
        var order: [Int] = []
        var newPlaces = [Int](repeating: 0, count: found.count)
        var roots: [Int] = []
        var trees: Set<Int> = []
        for root in found.indices where !isChild[root] {
            guard trees.insert(keys[root].tree).inserted else {
                throw .malformed("tree \(keys[root].tree) has two roots")
            }
            roots.append(order.count)
            var waiting = [root]
            while let place = waiting.popLast() {
                newPlaces[place] = order.count
                order.append(place)
                if found[place].rule != .leaf { waiting += [found[place].ifFalse, found[place].ifTrue] }
            }
        }
        guard order.count == found.count else { throw .malformed("a tree has nodes that no way leads to") }
        var ensemble = TreeEnsemble(
            nodes: [], roots: roots, weights: [], targetCount: targetCount, aggregate: aggregate)
        for place in order {
            var node = found[place]
            if node.rule == .leaf {
                node.ifTrue = ensemble.weights.count
                ensemble.weights += weights[place]
                node.ifFalse = ensemble.weights.count
            } else {
                (node.ifTrue, node.ifFalse) = (newPlaces[node.ifTrue], newPlaces[node.ifFalse])
            }
            ensemble.nodes.append(node)
        }
        guard !ensemble.weights.isEmpty else { throw .malformed("no leaf has a weight") }
        return ensemble
    }

    /// Of each node.
    private func weights(
        _ prefix: String, _ places: [Key: Int], targetCount: Int
    ) throws(ConversionError) -> [[TreeEnsemble.Weight]] {
        let keys = try keys(prefix)
        let targets = try list("\(prefix)_ids", keys.count)
        guard let values = try floats("\(prefix)_weights"), values.count == keys.count else {
            throw .malformed("\(prefix)_weights must have \(keys.count) entries")
        }
        var result = [[TreeEnsemble.Weight]](repeating: [], count: places.count)
        for (index, key) in keys.enumerated() {
            guard let place = places[key], (0..<targetCount).contains(targets[index]) else {
                throw .malformed("a weight is of node \(key.node) of tree \(key.tree) and of target \(targets[index])")
            }
            result[place].append(TreeEnsemble.Weight(target: targets[index], value: values[index]))
        }
        return result
    }

    private func keys(_ prefix: String) throws(ConversionError) -> [Key] {
        guard let trees = try ints("\(prefix)_treeids"), !trees.isEmpty else {
            throw .malformed("\(prefix)_treeids is missing or empty")
        }
        return zip(trees, try list("\(prefix)_nodeids", trees.count)).map { Key(tree: $0, node: $1) }
    }

    private func list(_ name: String, _ count: Int) throws(ConversionError) -> [Int] {
        guard let numbers = try ints(name), numbers.count == count else {
            throw .malformed("\(name) must have \(count) entries")
        }
        return numbers
    }
}
