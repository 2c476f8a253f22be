"""WebSocket frames: whatever pieces they come in, whole messages come out, and what breaks the rules is refused."""

from __future__ import annotations

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline import frames


def masked(opcode: int, payload: bytes, *, final: bool = True, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """A frame as a client sends it, masked byte by byte."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65536:
        length = bytes([0x80 | 126]) + struct.pack("!H", size)
    else:
        length = bytes([0x80 | 127]) + struct.pack("!Q", size)
    body = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes([(0x80 if final else 0) | opcode]) + length + mask + body


@given(st.lists(st.binary(max_size=300), max_size=8), st.integers(1, 40))
def test_messages_come_out_whole_whatever_pieces_they_come_in(messages: list[bytes], piece: int) -> None:
    wire = b"".join(masked(frames.BINARY, message, mask=os.urandom(4)) for message in messages)
    reader = frames.Reader(limit=1000)
    found = [got for start in range(0, len(wire), piece) for got in reader.feed(wire[start : start + piece])]
    assert found == [(frames.BINARY, message) for message in messages]


def test_a_message_in_fragments_is_put_together_with_a_ping_in_between() -> None:
    reader = frames.Reader(limit=100)
    wire = masked(frames.TEXT, b"one ", final=False) + masked(frames.PING, b"?") + masked(0, b"two")
    assert reader.feed(wire) == [(frames.PING, b"?"), (frames.TEXT, b"one two")]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_a_frame_of_the_server_says_its_length(size: int) -> None:
    sent = frames.frame(frames.TEXT, b"x" * size)
    header = 2 if size < 126 else 4 if size < 65536 else 10
    assert (len(sent), sent[0], sent[1] & 0x80) == (header + size, 0x81, 0)


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (frames.frame(frames.TEXT, b"not masked"), 1002),
        (masked(0x3, b"unknown kind"), 1002),
        (masked(0, b"continues nothing"), 1002),
        (masked(frames.TEXT, b"a", final=False) + masked(frames.TEXT, b"b"), 1002),
        (masked(frames.PING, b"x" * 126), 1002),
        (masked(frames.PING, b"", final=False), 1002),
        (bytes([0xC1]) + masked(frames.TEXT, b"compressed")[1:], 1002),
        (masked(frames.TEXT, b"x" * 101), 1009),
        (masked(frames.TEXT, b"x" * 60, final=False) + masked(0, b"x" * 60), 1009),
    ],
)
def test_what_breaks_the_rules_ends_the_connection(wire: bytes, code: int) -> None:
    with pytest.raises(frames.BadFrame) as refused:
        frames.Reader(limit=100).feed(wire)
    assert refused.value.code == code


def test_a_length_alone_is_refused_before_its_bytes_come() -> None:
    with pytest.raises(frames.BadFrame):
        frames.Reader(limit=100).feed(bytes([0x81, 0x80 | 127]) + struct.pack("!Q", 2**40))


def test_the_handshake_is_answered_as_the_standard_says() -> None:
    """The example of RFC 6455, section 1.3."""
    assert frames.accept_key("dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
