internal import Graphs
internal import Tensors

/// Nodes about shapes that conversions of composite operators are made of. All integers are int64.
extension GraphAssembly {
    /// The extent of one axis, as one number [1].
    mutating func extent(_ node: ONNXNode, _ suffix: String, of value: ValueID, axis: Int) -> ValueID {
        emit(node, suffix, .shapeOf(ShapeOf(.extents(start: axis, end: axis == -1 ? nil : axis + 1))), [value])
    }

    /// The same elements under another shape; 0 keeps an extent, -1 takes the rest.
    mutating func reshaped(_ node: ONNXNode, _ suffix: String, _ value: ValueID, _ shape: [Int]) -> ValueID {
        let shape = addConstant(node, "\(suffix)/shape", shape)
        return emit(node, suffix, .reshape(Reshape()), [value, shape])
    }

    mutating func transposed(_ node: ONNXNode, _ suffix: String, _ value: ValueID, _ order: [Int]) -> ValueID {
        emit(node, suffix, .transpose(Transpose(permutation: order)), [value])
    }

    /// With the last two axes swapped, whatever the rank is.
    mutating func swapped(_ node: ONNXNode, _ suffix: String, _ value: ValueID) -> ValueID {
        guard let rank = rank(of: value) else {
            return emit(node, suffix, .einsum(Einsum("...ij->...ji")), [value])
        }
        guard rank >= 2 else { return value }
        return transposed(node, suffix, value, Array(0..<(rank - 2)) + [rank - 1, rank - 2])
    }

    /// 0, 1, ... up to a count [1], as [count].
    mutating func counted(_ node: ONNXNode, _ suffix: String, upTo count: ValueID) -> ValueID {
        let zero = addConstant(node, "\(suffix)/zero", Tensor(scalar: Int64(0)))
        let one = addConstant(node, "\(suffix)/one", Tensor(scalar: Int64(1)))
        let limit = reshaped(node, "\(suffix)/limit", count, [])
        return emit(node, suffix, .arithmeticRange(ArithmeticRange()), [zero, limit, one])
    }

    /// Elements from `start` up to `end`, both [1], along one axis.
    mutating func sliced(
        _ node: ONNXNode, _ suffix: String, _ value: ValueID, from start: ValueID, to end: ValueID, axis: Int
    ) -> ValueID {
        let axes = addConstant(node, "\(suffix)/axes", [axis])
        return emit(node, suffix, .slice(Slice()), [value, start, end, axes])
    }

    /// The slice at one index of an axis, which is removed.
    mutating func taken(
        _ node: ONNXNode, _ suffix: String, _ value: ValueID, index: Int, axis: Int
    ) -> ValueID {
        let index = addConstant(node, "\(suffix)/index", Tensor(scalar: Int64(index)))
        return emit(node, suffix, .gather(Gather(axis: axis)), [value, index])
    }

    mutating func unsqueezed(_ node: ONNXNode, _ suffix: String, _ value: ValueID, _ axes: [Int]) -> ValueID {
        let axes = addConstant(node, "\(suffix)/axes", axes)
        return emit(node, suffix, .unsqueeze(Unsqueeze()), [value, axes])
    }

    mutating func cast(_ node: ONNXNode, _ suffix: String, _ value: ValueID, to target: DType) -> ValueID {
        dtypes[value] == target ? value : emit(node, suffix, .cast(Cast(to: target)), [value])
    }

    mutating func computed(
        _ node: ONNXNode, _ suffix: String, _ function: BinaryFunction, _ left: ValueID, _ right: ValueID
    ) -> ValueID {
        emit(node, suffix, .binary(Binary(function)), [left, right])
    }
}
