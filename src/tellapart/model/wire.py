"""Look over the bytes of a model file before any library does, and leave the weights out.

A parser of protobuf makes an object of a hundred bytes out of two bytes, so a file must be known to be small in
structure before it is parsed. Only what our writer writes may be there: a list of what is allowed needs no list of
what could be dangerous (sub-graphs, functions, files outside, constants in operators, training, text for people).

What comes back is the model without its weights: a few kilobytes to work on, whatever the file holds.
Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from typing import Any

import onnx
from google.protobuf.message import DecodeError

MAX_FIELDS = 50_000  # the largest of our networks has 5,358; twice a microsecond each
MAX_NODES = 2_000  # Lite2 has 197
MAX_NAME_BYTES = 500  # of a tensor, operator, attribute or dimension
MAX_MANIFEST_BYTES = 32 << 20  # 21 bytes for every training photo: a million and a half
_SMALL_BYTES = 256  # constants up to here are kept: shapes, ends of slices and axes, which decide how large tensors get

_MESSAGES = tuple(
    kind.DESCRIPTOR
    for kind in (
        onnx.ModelProto, onnx.OperatorSetIdProto, onnx.StringStringEntryProto, onnx.GraphProto, onnx.NodeProto,
        onnx.AttributeProto, onnx.TensorProto, onnx.ValueInfoProto, onnx.TypeProto, onnx.TypeProto.Tensor,
        onnx.TensorShapeProto, onnx.TensorShapeProto.Dimension,
    )
)  # fmt: skip
_WRITTEN = {  # fields of each message; those with a star may stand there more than once
    "ModelProto": "ir_version producer_name graph opset_import* metadata_props*",
    "OperatorSetIdProto": "domain version",
    "StringStringEntryProto": "key value",
    "GraphProto": "name node* initializer* input* output*",
    "NodeProto": "name op_type input* output* attribute*",
    "AttributeProto": "name type f i ints*",
    "TensorProto": "name dims* data_type raw_data",
    "ValueInfoProto": "name type",
    "TypeProto": "tensor_type",
    "Tensor": "elem_type shape",
    "TensorShapeProto": "dim*",
    "Dimension": "dim_value dim_param",
}
_PLACES = {
    "ModelProto": "the model",
    "GraphProto": "the graph",
    "NodeProto": "an operator",
    "AttributeProto": "an operator",
    "TensorProto": "a constant",
}
_VARINT, _BYTES, _FLOAT = 0, 2, 5  # wire types


class Unwritten(ValueError):
    """The bytes are no ONNX, or hold what our writer never writes; the text says what."""


class _Field:
    """What the walk has to know about a field, without asking the descriptor again."""

    def __init__(self, field: Any, *, repeated: bool) -> None:
        self.name: str = field.name
        self.message: str | None = field.message_type.name if field.message_type else None
        self.repeated = repeated
        text = field.type in (field.TYPE_STRING, field.TYPE_BYTES)
        self.wire = _BYTES if text or self.message else _FLOAT if field.type == field.TYPE_FLOAT else _VARINT


def _known(kind: Any) -> dict[int, _Field]:
    written = {name.rstrip("*"): name.endswith("*") for name in _WRITTEN[kind.name].split()}
    return {f.number: _Field(f, repeated=written[f.name]) for f in kind.fields if f.name in written}


_KNOWN = {kind.name: _known(kind) for kind in _MESSAGES}
_ALL = {kind.name: {f.number: f.name for f in kind.fields} for kind in _MESSAGES}


def read_skeleton(content: bytes) -> tuple[onnx.ModelProto, list[int]]:
    """The model without large constants, and how many bytes each constant has in the file.

    Raises:
        Unwritten: it is damaged, too large in structure, or holds what we never write.
    """
    walk = _WireScan(content)
    skeleton = walk.message("ModelProto", 0, len(content))
    try:
        return onnx.ModelProto.FromString(skeleton), walk.constant_bytes
    except DecodeError as error:
        raise Unwritten("it is not an ONNX file") from error


class _WireScan:
    """Where the walk through a file stands: what it met so far."""

    def __init__(self, content: bytes):
        self._content = content
        self._num_fields = 0
        self._num_nodes = 0
        self.constant_bytes: list[int] = []

    def message(self, kind: str, at: int, end: int) -> bytes:
        """Check the message in these bytes and give it without weights. Calls itself at most seven deep."""
        content, known = self._content, _KNOWN[kind]
        parts: list[bytes] = []
        seen: set[int] = set()
        constant_bytes = 0
        while at < end:
            begin = at
            key, at = self._number(at, end)
            field = known.get(key >> 3)
            if field is None or key & 7 != field.wire:
                raise Unwritten(self._strange(kind, key))
            if key in seen and not field.repeated:
                raise Unwritten(f"it holds '{field.name}' twice in one place")
            seen.add(key)
            self._count(field)
            if field.wire == _VARINT:
                _, at = self._number(at, end)
            elif field.wire == _FLOAT:
                at += 4
            else:
                size, at = self._number(at, end)
                if size > end - at:
                    raise Unwritten("it is not an ONNX file, or it is cut short")
                start, at = at, at + size
                if field.message:
                    parts += [_varint(key), b"", self.message(field.message, start, at)]
                    parts[-2] = _varint(len(parts[-1]))
                    continue
                if field.name == "raw_data":
                    constant_bytes = size
                    if size > _SMALL_BYTES:
                        continue
                else:
                    self._check_text(kind, field.name, start, at)
            parts.append(content[begin:at])
        if at > end:
            raise Unwritten("it is not an ONNX file, or it is cut short")
        if kind == "TensorProto":
            self.constant_bytes.append(constant_bytes)
        return b"".join(parts)

    def _number(self, at: int, end: int) -> tuple[int, int]:
        """A varint and where the next thing begins."""
        value = shift = 0
        content = self._content
        while at < end and shift < 64:
            byte = content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7
        raise Unwritten("it is not an ONNX file, or it is cut short")

    def _count(self, field: _Field) -> None:
        self._num_fields += 1
        self._num_nodes += field.message == "NodeProto"
        if self._num_fields > MAX_FIELDS or self._num_nodes > MAX_NODES:
            raise Unwritten(f"it has more than {MAX_NODES:,} operators or {MAX_FIELDS:,} entries")

    def _check_text(self, kind: str, name: str, start: int, end: int) -> None:
        most = MAX_MANIFEST_BYTES if (kind, name) == ("StringStringEntryProto", "value") else MAX_NAME_BYTES
        if end - start > most:
            raise Unwritten(f"a '{name}' in it has {end - start:,} bytes, more than {most:,}")
        if not self._content[start:end].isascii():  # the manifest is ASCII, and our names are
            raise Unwritten(f"a '{name}' in it holds other signs than ASCII")

    def _strange(self, kind: str, key: int) -> str:
        name = _ALL[kind].get(key >> 3)
        if name is None or kind == "ModelProto" and not self._num_fields:
            return "it is not an ONNX file, or it is damaged"
        return f"it holds '{name}' in {_PLACES.get(kind, 'its outline')}, which tellapart never writes"


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
