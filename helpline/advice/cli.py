"""`helpline content paths`: every way through a tree as text."""

from __future__ import annotations

from collections.abc import Iterator

import click

from helpline.advice import loader
from helpline.advice.loader import Content
from helpline.advice.tree import Advice, Answers, Question, paths
from helpline.advice.ways import Entry, all_ways
from helpline.content.files import LANGUAGES


def _lines() -> tuple[str, ...]:
    return loader.lines(loader.TREES)


def _load(line: str) -> Content:
    return loader.load(line, loader.TREES)


@click.command("paths")
@click.argument("tree")
@click.option("--line", help="the line of the tree, where several have one of that name")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
def print_paths(tree: str, line: str | None, lang: str) -> None:
    """Print every path through TREE: questions with answers, then the advice and its parts."""
    found = _load(_line_of(tree, line))
    words = found.files.trees[tree].words[lang]
    entries = all_ways(found.forest).entries[tree]
    ways = [(entry, way) for entry in entries for way in paths(found.forest, entry.start, known=dict(entry.known))]
    click.echo(f"{found.files.line}/{tree}: {words.title}; {len(ways)} paths")
    for number, (entry, way) in enumerate(ways, 1):
        click.echo(f"\n{number}.")
        for text in _told(found, entry, way, lang):
            click.echo(f"   {text}")


def _line_of(tree: str, line: str | None) -> str:
    """The line whose tree is meant."""
    lines = _lines()
    if line is not None and line not in lines:
        raise click.UsageError(f"line {line!r} has no trees; there are {', '.join(lines)}")
    have = [slug for slug in lines if line in (None, slug) and tree in _load(slug).files.trees]
    if not have:
        known = {found for slug in lines if line in (None, slug) for found in _load(slug).files.trees}
        raise click.UsageError(f"no tree is called {tree!r}; there are {', '.join(sorted(known))}")
    if len(have) > 1:
        raise click.UsageError(f"several lines have a tree {tree!r}: name one of {', '.join(have)} with --line")
    return have[0]


def _told(content: Content, entry: Entry, way: Answers, lang: str) -> Iterator[str]:
    """One path, line by line."""
    forest, known = content.forest, dict(entry.known)
    for key, option in sorted(entry.known):
        yield f"(answered before: {key}={option})"
    goal = entry.start
    for asked, option in way:
        question = forest.nodes[asked]
        assert isinstance(question, Question)  # noqa: S101 - answers are given to questions
        words = content.question(question, lang)
        yield f"{words.ask} {words.options[option]}"
        known[question.key] = option
        goal = question.leads_to(known)
    end = forest.nodes[goal]
    if isinstance(end, Advice):
        yield f"= {content.advice(end, lang).title}{' (urgent)' if end.urgent else ''}  [{end.id}]"
        sections = content.files.shared[lang].sections
        for section, pieces in end.composed(known):
            yield f"  {sections[section]}: {', '.join(pieces)}"
    else:
        yield f"> {content.files.trees[end.tree].words[lang].title}  [tree {end.tree}]"
