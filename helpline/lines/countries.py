"""Which help entries a line can show in each country: a text may point to no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from helpline.content.files import ContentError
from helpline.lines import texts
from helpline.lines.texts import HelpEntry


@dataclass(frozen=True)
class Country:
    """The help entries of a country that a line may show, by key, and those that the organisation shows nowhere.

    strict: what lacks here keeps the server from starting.
    """

    known: Mapping[str, HelpEntry]
    hidden: frozenset[str]
    strict: bool


def strict(instance_dir: Path | None, in_use: Collection[str] | None) -> frozenset[str]:
    """The countries where nothing may be wrong: all but those that only have an own file of the organisation.

    in_use: the countries of the lines, None for any.
    """
    return frozenset(
        country
        for country in texts.countries(instance_dir)
        if in_use is None or country in in_use or not texts.has_own_help(country, instance_dir)
    )


def of_line(line: str, instance_dir: Path | None, in_use: Collection[str] | None) -> dict[str, Country]:
    """The countries with their help entries for this line; a broken file is told elsewhere."""
    found: dict[str, Country] = {}
    strictly = strict(instance_dir, in_use)
    for country in texts.countries(instance_dir):
        with suppress(ContentError):
            found[country] = Country(
                texts.load_help(country, "en", instance_dir, line=line),
                texts.hidden(country, instance_dir),
                country in strictly,
            )
    return found


def lacking(key: str, optional: bool, countries: Mapping[str, Country]) -> str | None:
    """What is wrong with pointing to the help entry `key`; `optional`: a country may lack it."""
    without = [name for name, there in countries.items() if key not in (*there.known, *there.hidden)]
    if countries and len(without) == len(countries):
        return f"there is no help entry {key!r} on this line"
    if without and not optional:
        return f"help entry {key!r} is unknown in {', '.join(without)}; where a country may lack it: [[{key}?]]"
    return None
