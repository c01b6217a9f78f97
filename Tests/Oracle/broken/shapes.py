"""Types, shapes and attributes that contradict each other."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from broken.variant import Change, Variant, attribute, both, inserted

HUGE = 2**40


def _input_dims(*dims: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        for axis, size in enumerate(dims, start=1):
            model.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = size

    return change


def _input_type(code: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.elem_type = code

    return change


def _integers(*values: int) -> tuple[np.ndarray]:
    return (np.array(values, dtype=np.int64),)


CONV, ODD = ("stem.conv",), ("odd.node",)

VARIANTS = (
    Variant("wrong-types", "a float and an int64 tensor are added", ODD, inserted("Add", "odd.node", _integers(1))),
    Variant("wrong-input-type", "a Conv of int64 images", CONV, _input_type(TensorProto.INT64)),
    Variant("unknown-input-type", "a graph input of element type 99", ("image",), _input_type(99)),
    Variant("conv-channels", "images of 5 channels, weights for 2", CONV, _input_dims(5, 8, 8)),
    Variant("conv-kernel-shape", "kernel_shape 5x5, weights of 3x3", CONV, attribute("stem.conv", kernel_shape=[5, 5])),
    Variant(
        "conv-group",
        "2 groups: each has 1 channel and 3/2 outputs, the weights want 2",
        CONV,
        attribute("stem.conv", group=2),
    ),
    Variant("conv-group-zero", "0 groups", CONV, attribute("stem.conv", group=0)),
    Variant("conv-stride-zero", "a stride of 0", CONV, attribute("stem.conv", strides=[0, 0])),
    Variant("conv-dilation-zero", "a dilation of 0", CONV, attribute("stem.conv", dilations=[0, 0])),
    Variant("conv-pads-length", "three pads for two dimensions", CONV, attribute("stem.conv", pads=[1, 1, 1])),
    Variant("conv-pads-negative", "pads that leave nothing of the image", CONV, attribute("stem.conv", pads=[-9] * 4)),
    Variant("conv-pads-huge", "pads close to the end of 64 bits", CONV, attribute("stem.conv", pads=[2**62] * 4)),
    Variant(
        "conv-too-small",
        "an image smaller than the kernel",
        CONV,
        both(_input_dims(2, 2, 2), attribute("stem.conv", pads=None)),
    ),
    Variant("wrong-attribute-type", "kernel_shape as a text", CONV, attribute("stem.conv", kernel_shape="3x3")),
    Variant(
        "matmul-shapes",
        "an inner dimension of 8 against 7",
        ODD,
        inserted("MatMul", "odd.node", (np.ones((7, 4), np.float32),)),
    ),
    Variant("huge-input", "a graph input of 2^80 values an image", ("image",), _input_dims(2, HUGE, HUGE)),
    Variant(
        "huge-tile",
        "a tile repeated 2^40 times in two dimensions",
        ODD,
        inserted("Tile", "odd.node", _integers(1, 1, HUGE, HUGE)),
    ),
    Variant(
        "negative-tile", "a negative number of repetitions", ODD, inserted("Tile", "odd.node", _integers(1, 1, -2, 1))
    ),
    Variant("reshape-count", "192 values into 7 x 7", ODD, inserted("Reshape", "odd.node", _integers(0, 7, 7))),
    Variant(
        "reshape-unknowns", "two -1 in one target shape", ODD, inserted("Reshape", "odd.node", _integers(0, -1, -1))
    ),
    Variant("reshape-negative", "a -2 in a target shape", ODD, inserted("Reshape", "odd.node", _integers(0, -2, 8))),
    Variant(
        "transpose-repeat",
        "a permutation that repeats an axis",
        ODD,
        inserted("Transpose", "odd.node", perm=[0, 1, 1, 3]),
    ),
    Variant(
        "transpose-length",
        "a permutation of three axes for four",
        ODD,
        inserted("Transpose", "odd.node", perm=[0, 1, 2]),
    ),
    Variant("missing-attribute", "a Concat without its axis", ODD, inserted("Concat", "odd.node")),
    Variant("axis-range", "a Concat along axis 9 of 4", ODD, inserted("Concat", "odd.node", axis=9)),
    Variant("softmax-axis", "a Softmax along axis -5 of 4", ODD, inserted("Softmax", "odd.node", axis=-5)),
    Variant("gather-range", "index 100 of 3 channels", ODD, inserted("Gather", "odd.node", _integers(100), axis=1)),
    Variant("squeeze-size", "an axis of size 3 is squeezed", ODD, inserted("Squeeze", "odd.node", _integers(1))),
    Variant(
        "slice-step-zero",
        "a Slice with step 0",
        ODD,
        inserted("Slice", "odd.node", (*_integers(0), *_integers(2), *_integers(1), *_integers(0))),
    ),
    Variant(
        "pool-stride-zero",
        "a MaxPool with stride 0",
        ODD,
        inserted("MaxPool", "odd.node", kernel_shape=[2, 2], strides=[0, 0]),
    ),
    Variant("pool-kernel-zero", "a MaxPool over nothing", ODD, inserted("MaxPool", "odd.node", kernel_shape=[0, 0])),
    Variant(
        "broadcast", "8 columns and 7 columns are added", ODD, inserted("Add", "odd.node", (np.zeros(7, np.float32),))
    ),
)
