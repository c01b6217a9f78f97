"""Initialisers that do not hold what they claim, inside the file and outside of it."""

from __future__ import annotations

import onnx
from onnx import TensorProto

from broken.variant import Change, Variant, weight_named

HUGE = 2**40
WEIGHT = "stem.weight"  # float32 [3, 2, 3, 3]: 216 bytes


def _dims(*dims: int, keep_data: bool = True) -> Change:
    def change(model: onnx.ModelProto) -> None:
        tensor = weight_named(model, WEIGHT)
        tensor.dims[:] = dims
        if not keep_data:
            tensor.raw_data = b""

    return change


def _resize_data(difference: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        tensor = weight_named(model, WEIGHT)
        tensor.raw_data = (tensor.raw_data + bytes(max(0, difference)))[: len(tensor.raw_data) + difference]

    return change


def _element_type(code: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        weight_named(model, WEIGHT).data_type = code

    return change


def _short_typed_data(model: onnx.ModelProto) -> None:
    tensor = weight_named(model, WEIGHT)
    tensor.ClearField("raw_data")
    tensor.float_data.extend([0.5] * 53)


def _external(location: str, offset: str = "0", length: str = "216") -> Change:
    """Moves the weight out of the file, to `location`."""

    def change(model: onnx.ModelProto) -> None:
        tensor = weight_named(model, WEIGHT)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", offset), ("length", length)):
            tensor.external_data.add(key=key, value=value)

    return change


FILE = {"weights.bin": bytes(216)}

VARIANTS = (
    Variant("short-initializer", "dims of 54 values, data of 53", (WEIGHT,), _resize_data(-4)),
    Variant("long-initializer", "dims of 54 values, data of 55", (WEIGHT,), _resize_data(4)),
    Variant("odd-initializer", "data that is no whole number of values", (WEIGHT,), _resize_data(-3)),
    Variant("short-typed-data", "dims of 54 values, 53 in float_data", (WEIGHT,), _short_typed_data),
    Variant("empty-initializer", "dims of 54 values, no data", (WEIGHT,), _dims(3, 2, 3, 3, keep_data=False)),
    Variant("negative-dims", "a dimension of -3", (WEIGHT,), _dims(-3, 2, 3, 3)),
    Variant(
        "negative-dims-even", "two negative dimensions, whose product fits the data", (WEIGHT,), _dims(-3, -2, 3, 3)
    ),
    Variant("huge-dims", "2^40 values in each dimension", (WEIGHT,), _dims(HUGE, HUGE, 3, 3)),
    Variant(
        "overflowing-dims",
        "dims whose product is 0 in 64 bits, and no data",
        (WEIGHT,),
        _dims(2**32, 2**32, 3, 3, keep_data=False),
    ),
    Variant("unknown-element-type", "element type 99", (WEIGHT,), _element_type(99)),
    Variant("undefined-element-type", "element type 0", (WEIGHT,), _element_type(TensorProto.UNDEFINED)),
    Variant(
        "external-escape",
        "external data at ../outside.bin, which exists",
        ("../outside.bin",),
        _external("../outside.bin"),
    ),
    Variant(
        "external-escape-nested",
        "external data at data/../../outside.bin",
        ("outside.bin",),
        _external("data/../../outside.bin"),
    ),
    Variant("external-absolute", "external data at an absolute path", ("/weights.bin",), _external("/weights.bin")),
    Variant("external-missing", "external data in a file that is not there", ("absent.bin",), _external("absent.bin")),
    Variant(
        "external-truncated",
        "external data longer than its file",
        ("weights.bin",),
        _external("weights.bin"),
        {"weights.bin": bytes(100)},
    ),
    Variant(
        "external-beyond",
        "external data that begins after the end of its file",
        ("weights.bin",),
        _external("weights.bin", "4096"),
        FILE,
    ),
    Variant(
        "external-overflow",
        "offset + length does not fit 64 bits",
        ("weights.bin",),
        _external("weights.bin", str(2**63 - 8)),
        FILE,
    ),
    Variant("external-negative", "a negative offset", ("weights.bin",), _external("weights.bin", "-4"), FILE),
    Variant("external-text", "an offset that is no number", (WEIGHT,), _external("weights.bin", "four"), FILE),
    Variant(
        "external-length", "a length that does not fit the dims", (WEIGHT,), _external("weights.bin", "0", "212"), FILE
    ),
    Variant("external-nowhere", "external data without a location", (WEIGHT,), _external("")),
)
