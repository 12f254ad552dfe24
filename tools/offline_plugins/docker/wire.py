"""The few lines of Protocol Buffers' wire format that BuildKit's messages need.

Source: https://protobuf.dev/programming-guides/encoding/. By hand, to spare generated code and its import.
"""

from __future__ import annotations

from collections.abc import Iterator

_MORE = 0x80  # set in each byte of a varint but its last
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Give the fields of a message in their order.

    Args:
        message: The encoded message.

    Returns:
        Field numbers with their values: an integer for a varint, else bytes.

    Raises:
        ValueError: When the message is cut short or is no message.
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if kind == _BYTES:
            length, place = _varint(message, place)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"unknown wire type {kind}")
        if place + length > len(message):
            raise ValueError("unexpected end of the message")
        yield number, message[place : place + length]
        place += length


def texts(message: bytes, number: int) -> list[str]:
    """Give the values of a text field, as often as it is there."""
    return [part.decode("utf-8", "replace") for part in parts(message, number)]


def parts(message: bytes, number: int) -> list[bytes]:
    """Give the values of a field that holds bytes or messages, as often as it is there."""
    return [value for found, value in fields(message) if found == number and isinstance(value, bytes)]


def text_field(number: int, text: str) -> bytes:
    """Encode a text field; an empty text is left out, as the format has it."""
    content = text.encode()
    return bytes([number << 3 | _BYTES]) + _encoded_varint(len(content)) + content if content else b""


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(message):
            raise ValueError("unexpected end of the message")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < _MORE:
            return value, place
        shift += 7


def _encoded_varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= _MORE:
        encoded.append(value & 0x7F | _MORE)
        value >>= 7
    return bytes([*encoded, value])
