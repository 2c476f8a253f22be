"""Reading what comes with an event: each field has the form that the protocol asks for, or Invalid is raised."""

from __future__ import annotations

from typing import Any

from helpline.chat.writer import storable


class Invalid(Exception):
    """The data of an event has not the form that the protocol asks for."""


def a_number(data: dict[str, Any], name: str) -> int:
    """A whole number from 0 on; raises Invalid."""
    value = data.get(name)
    if type(value) is not int or not 0 <= value < 2**53:
        raise Invalid(name)
    return value


def a_text(data: dict[str, Any], name: str) -> str:
    """A short text; raises Invalid."""
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 128 or not storable(value):
        raise Invalid(name)
    return value


def a_switch(data: dict[str, Any], name: str) -> bool:
    """True or false; raises Invalid."""
    value = data.get(name)
    if type(value) is not bool:
        raise Invalid(name)
    return value
