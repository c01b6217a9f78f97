internal import Graphs
internal import Tensors

extension SequenceOperator {
    func evaluate(_ operands: [StageValue?], pool: WorkerPool) throws -> StageValue {
        switch kind {
        case .construct: return .sequence(try operands.indices.map { try tensor(operands, $0) })
        case .empty: return .sequence([])
        case .insert:
            var tensors = try sequence(operands)
            let place = try position(operands, 2, count: tensors.count, isEndAllowed: true) ?? tensors.count
            tensors.insert(try tensor(operands, 1), at: place)
            return .sequence(tensors)
        case .erase:
            var tensors = try sequence(operands)
            let place = try position(operands, 1, count: tensors.count) ?? tensors.count - 1
            guard tensors.indices.contains(place) else { throw KernelError("an empty sequence has nothing to erase") }
            tensors.remove(at: place)
            return .sequence(tensors)
        case .element:
            let tensors = try sequence(operands)
            guard let place = try position(operands, 1, count: tensors.count) else {
                throw KernelError("the position is missing")
            }
            return .tensor(tensors[place])
        case .length: return .tensor(Tensor(scalar: Int64(try sequence(operands).count)))
        case .split(let axis, let keepsAxis):
            return .sequence(try split(operands, axis: axis, keepsAxis: keepsAxis, pool: pool))
        case .concatenate(let axis, let addsAxis):
            return .tensor(try concatenated(sequence(operands), axis: axis, addsAxis: addsAxis, pool: pool))
        }
    }

    private func sequence(_ operands: [StageValue?]) throws -> [Tensor] {
        guard case .sequence(let tensors)? = operands.first ?? nil else {
            throw KernelError("operand 0 must be a sequence, not \((operands.first ?? nil)?.summary ?? "absent")")
        }
        return tensors
    }

    private func tensor(_ operands: [StageValue?], _ index: Int) throws -> Tensor {
        guard index < operands.count, let tensor = operands[index]?.tensor else {
            throw KernelError("operand \(index) must be a tensor")
        }
        return tensor
    }

    /// A position from 0, for one that counts from the end when it is negative; nil where it is left out.
    private func position(
        _ operands: [StageValue?], _ index: Int, count: Int, isEndAllowed: Bool = false
    ) throws -> Int? {
        guard index < operands.count, operands[index] != nil else { return nil }
        let given = try integers(tensor(operands, index))
        guard given.count == 1 else { throw KernelError("the position must be one integer, not \(given)") }
        let place = given[0] < 0 ? given[0] &+ count : given[0]
        guard place >= 0, place < count || (isEndAllowed && place == count) else {
            throw KernelError("position \(given[0]) lies outside a sequence of \(count)")
        }
        return place
    }

    private func integers(_ tensor: Tensor) throws -> [Int] {
        guard let integers = tensor.integers else {
            throw KernelError("positions and lengths must be int64 or int32, not \(tensor.dtype)")
        }
        return integers
    }

    private func split(_ operands: [StageValue?], axis: Int, keepsAxis: Bool, pool: WorkerPool) throws -> [Tensor] {
        let data = try tensor(operands, 0)
        let axis = try normalizedAxis(axis, rank: data.shape.rank)
        let extent = data.shape[axis]
        var lengths = [Int](repeating: 1, count: extent)
        let isGiven = operands.count > 1 && operands[1] != nil
        if isGiven {
            let given = try tensor(operands, 1)
            lengths = try integers(given)
            if given.shape.rank == 0 {
                let length = lengths[0]
                guard length > 0 else { throw KernelError("pieces of length \(length)") }
                lengths = stride(from: 0, to: extent, by: length).map { min(length, extent - $0) }
            }
        }
        guard !lengths.isEmpty else { return [] }
        let pieces = try NodeEvaluation.evaluate(
            .split(Split(axis: axis, parts: lengths.count)), operands: [data, Tensor(lengths.map(Int64.init))],
            pool: pool)
        guard !isGiven, !keepsAxis else { return pieces }
        return pieces.map { piece in
            var dimensions = piece.shape.dimensions
            dimensions.remove(at: axis)
            return piece.reshaped(Shape(dimensions))
        }
    }

    private func concatenated(_ tensors: [Tensor], axis: Int, addsAxis: Bool, pool: WorkerPool) throws -> Tensor {
        guard let first = tensors.first else { throw KernelError("there is nothing to join") }
        var operands = tensors
        if addsAxis {
            let place = try normalizedAxis(axis, rank: first.shape.rank + 1)
            operands = try tensors.map { tensor in
                guard tensor.shape.rank == first.shape.rank else {
                    throw KernelError("\(tensor.shape) and \(first.shape) do not join")
                }
                var dimensions = tensor.shape.dimensions
                dimensions.insert(1, at: place)
                return tensor.reshaped(Shape(dimensions))
            }
        }
        return try NodeEvaluation.evaluate(
            .concatenation(Concatenation(axis: axis)), operands: operands, pool: pool)[0]
    }
}

extension OptionalOperator {
    func evaluate(_ operands: [StageValue?]) throws -> StageValue {
        let operand = operands.first ?? nil
        switch kind {
        case .empty: return .nothing
        case .hasElement:
            if case .nothing? = operand { return .tensor(Tensor(scalar: false)) }
            return .tensor(Tensor(scalar: operand != nil))
        case .element:
            guard let operand else { throw KernelError("its operand is missing") }
            if case .nothing = operand { throw KernelError("the optional holds nothing") }
            return operand
        }
    }
}
