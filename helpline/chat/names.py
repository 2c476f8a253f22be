"""Two-word names by which staff tell chats apart; they say nothing about the visitor."""

from __future__ import annotations

import secrets

COLOURS = (
    "amber azure blue bronze copper coral cream crimson golden green grey hazel indigo ivory jade lilac "
    "lime maroon mint ochre olive orange pearl pink plum purple red rose ruby russet sand scarlet silver "
    "slate tan teal turquoise umber violet white yellow"
)
THINGS = (
    "alder ash aspen badger beech birch bramble brook cedar clover crane creek curlew dune elm falcon fern "
    "finch fir fjord gull harbour hare hazel heath heron hill holly ivy kestrel kite lake lark linden "
    "maple marsh martin meadow moss oak otter owl pebble pine plover poplar reed ridge river robin rowan "
    "rush sparrow spruce starling stone swallow swan thistle thrush tern valley willow wren yarrow"
)


def two_words() -> str:
    """A random name such as `Blue heron`."""
    return f"{secrets.choice(COLOURS.split()).capitalize()} {secrets.choice(THINGS.split())}"
