"""Reading protocol buffers without their descriptors: the five messages of CEL's syntax tree.

Source: protobuf.dev/programming-guides/encoding. Only what a compiler of our own process wrote is
read here, so a message that ends early is a defect and not an input.
"""

import struct
from collections import defaultdict
from typing import cast

Fields = dict[int, list[int | bytes]]
"""What stands under each field number: integers for numbers, bytes for everything else."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def fields(message: bytes) -> Fields:
    """The fields of a message; fixed-size numbers come as their bytes, little-endian."""
    found: defaultdict[int, list[int | bytes]] = defaultdict(list)
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, kind = tag >> 3, tag & 7
        value: int | bytes
        if kind == _VARINT:
            value, position = _varint(message, position)
        else:
            length = {_FIXED64: 8, _FIXED32: 4}.get(kind)
            if length is None:
                assert kind == _BYTES, kind
                length, position = _varint(message, position)
            value = message[position : position + length]
            position += length
        found[number].append(value)

    return found


def inner(found: Fields, number: int) -> Fields:
    """The message in the field; empty where there is none, as protocol buffers have it."""
    return fields(raw(found, number))


def raw(found: Fields, number: int) -> bytes:
    return cast("bytes", found[number][-1]) if number in found else b""


def text(found: Fields, number: int) -> str:
    return raw(found, number).decode()


def integer(found: Fields, number: int) -> int:
    """An int64, int32, enum or bool; 0 where there is none."""
    value = cast("int", found[number][-1]) if number in found else 0
    return value - (1 << 64) if value >= 1 << 63 else value


def unsigned(found: Fields, number: int) -> int:
    return cast("int", found[number][-1]) if number in found else 0


def double(found: Fields, number: int) -> float:
    return cast("float", struct.unpack("<d", raw(found, number))[0])


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
