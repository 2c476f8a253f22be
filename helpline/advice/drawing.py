"""Where everything of a tree's drawing stands: pages in layers from left to right, the answers on the ways between.

Pure. Answers and the bends of long ways take places of their own, like pages, so that nothing lies on anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from helpline.advice.outline import Outline, Page

PAGE_WIDTH, LABEL_WIDTH, BETWEEN, MARGIN = 232, 176, 26, 12
PADDING, PAGE_LINE, LABEL_LINE, HEAD_LINE = 12, 19, 17, 18
PAGE_TEXT, LABEL_TEXT, HEAD_TEXT = 14.0, 13.0, 12.0
GAP = 14.0
ROUNDS = 16

# How wide letters are in the widest of the usual sans-serif fonts, as a part of the size; the others fit in any case.
_NARROW, _WIDE = frozenset("iIjl.,:;'|!’ ()[]ftr-"), frozenset("mwMWOQ@%&…—")


@dataclass(frozen=True)
class Line:
    """One line of text; x is its left end, y its base line."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Box:
    """A page as it is drawn."""

    page: Page
    x: float
    y: float
    width: float
    height: float
    head: Line
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Label:
    """The answers on a way."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Drawing:
    """All that is drawn; `paths` are the ways as SVG path data."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    paths: tuple[str, ...]


@dataclass(eq=False)
class _Cell:
    """Something that takes a place in a column: a page, a label, or the bend of a long way."""

    column: int
    height: float
    lines: tuple[str, ...] = ()
    page: Page | None = None
    before: list[_Cell] = field(default_factory=list)
    after: list[_Cell] = field(default_factory=list)
    y: float = 0.0  # of its middle


def draw(outline: Outline) -> Drawing:
    """The drawing of a tree."""
    columns, chains = _cells(outline)
    _order(columns)
    for _ in range(ROUNDS):
        for column in columns:
            _settle(column, [_mean(cell.before + cell.after, cell.y) for cell in column])
    top = min(cell.y - cell.height / 2 for column in columns for cell in column) - MARGIN
    for column in columns:
        for cell in column:
            cell.y = round(cell.y - top, 1)
    width = _left(len(columns)) - BETWEEN + MARGIN
    height = max(cell.y + cell.height / 2 for column in columns for cell in column) + MARGIN
    cells = [cell for column in columns for cell in column]
    return Drawing(
        width,
        round(height, 1),
        tuple(_box(cell, cell.page) for cell in cells if cell.page is not None),
        tuple(_label(cell) for cell in cells if cell.page is None and cell.lines),
        tuple(_path(chain) for chain in chains),
    )


# Text


def text_width(text: str, size: float) -> float:
    """About how wide a text is; rather too much than too little."""
    widths = (
        0.42 if letter in _NARROW else 0.98 if letter in _WIDE else 0.72 if letter.isupper() else 0.635
        for letter in text
    )
    return sum(widths) * size


def wrapped(text: str, room: float, size: float) -> tuple[str, ...]:
    """The text in lines that fit into `room`; a word that is too long is broken."""
    lines = [""]
    for word in text.split():
        while text_width(word, size) > room:
            fits = max(
                1, next(n for n in range(len(word), 0, -1) if n == 1 or text_width(word[:n] + "-", size) <= room)
            )
            lines += [f"{word[:fits]}-", ""]
            word = word[fits:]
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(line for line in lines if line)


def _cut(text: str, room: float, size: float) -> str:
    if text_width(text, size) <= room:
        return text
    return next(f"{text[:n]}…" for n in range(len(text), -1, -1) if text_width(f"{text[:n]}…", size) <= room)


# Layers and columns


def _layers(outline: Outline) -> dict[str, int]:
    """Each page as far right as its longest way needs."""
    layer = {page.id: 0 for page in outline.pages}
    for _ in outline.pages:
        for way in outline.ways:
            layer[way.target] = max(layer[way.target], layer[way.source] + 1)
    return layer


def _cells(outline: Outline) -> tuple[list[list[_Cell]], list[list[_Cell]]]:
    """The columns, and for each way the cells it goes through."""
    layer = _layers(outline)
    columns: list[list[_Cell]] = [[] for _ in range(2 * max(layer.values()) + 1)]

    def place(cell: _Cell) -> _Cell:
        columns[cell.column].append(cell)
        return cell

    pages = {}
    for page in outline.pages:
        lines = wrapped(page.title, PAGE_WIDTH - 2 * PADDING, PAGE_TEXT)
        height = 2 * PADDING + HEAD_LINE + PAGE_LINE * len(lines)
        pages[page.id] = place(_Cell(2 * layer[page.id], height, lines, page))
    chains = []
    for way in outline.ways:
        first, last = pages[way.source], pages[way.target]
        lines = tuple(line for answer in way.answers for line in _bulleted(answer, len(way.answers) > 1))
        chain = [first, place(_Cell(first.column + 1, LABEL_LINE * len(lines) + 8, lines))]
        chain += [place(_Cell(column, 2)) for column in range(first.column + 2, last.column)]
        chain.append(last)
        for cell, following in pairwise(chain):
            cell.after.append(following)
            following.before.append(cell)
        chains.append(chain)
    return columns, chains


def _bulleted(answer: str, several: bool) -> list[str]:
    if not several:
        return list(wrapped(answer, LABEL_WIDTH - 12, LABEL_TEXT))
    first, *others = wrapped(answer, LABEL_WIDTH - 26, LABEL_TEXT)
    return [f"• {first}", *(f"\u2003{other}" for other in others)]


# Up and down


def _order(columns: list[list[_Cell]]) -> None:
    """Put the cells of each column so that few ways cross."""
    for column in columns:
        _settle(column, [0.0] * len(column))
    best = [list(column) for column in columns]
    least = _crossings(columns)
    for number in range(ROUNDS):
        onwards = number % 2 == 0
        for column in columns if onwards else reversed(columns):
            wanted = {id(cell): _mean(cell.before if onwards else cell.after, cell.y) for cell in column}
            column.sort(key=lambda cell: wanted[id(cell)])
            _settle(column, [wanted[id(cell)] for cell in column])
        crossings = _crossings(columns)
        if crossings < least:
            best, least = [list(column) for column in columns], crossings
    for column, ordered in zip(columns, best, strict=True):
        column[:] = ordered
        _settle(column, [0.0] * len(column))


def _crossings(columns: list[list[_Cell]]) -> int:
    number = 0
    for column in columns:
        ends = [(cell.y, after.y) for cell in column for after in cell.after]
        number += sum((a - c) * (b - d) < 0 for n, (a, b) in enumerate(ends) for c, d in ends[:n])
    return number


def _mean(cells: Sequence[_Cell], otherwise: float) -> float:
    return sum(cell.y for cell in cells) / len(cells) if cells else otherwise


def _settle(column: Iterable[_Cell], wanted: Sequence[float]) -> None:
    """Give each cell the height it wants, as nearly as their order and the room between them allow."""
    cells = list(column)
    offset, offsets = 0.0, []
    for before, cell in zip([None, *cells], cells, strict=False):
        if before is not None:
            offset += (before.height + cell.height) / 2 + GAP
        offsets.append(offset)
    # Cells that would overlap make a block that stands at the mean of what they want.
    blocks: list[tuple[float, int]] = []
    for want, away in zip(wanted, offsets, strict=True):
        blocks.append((want - away, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (last, many), (previous, more) = blocks.pop(), blocks.pop()
            blocks.append(((last * many + previous * more) / (many + more), many + more))
    bases = [base for base, many in blocks for _ in range(many)]
    for cell, base, away in zip(cells, bases, offsets, strict=True):
        cell.y = base + away


# Shapes


def _left(column: int) -> float:
    """Where a column begins; pages and labels take turns."""
    pages, labels = (column + 1) // 2, column // 2
    return MARGIN + pages * PAGE_WIDTH + labels * LABEL_WIDTH + column * BETWEEN


def _width(column: int) -> int:
    return LABEL_WIDTH if column % 2 else PAGE_WIDTH


def _box(cell: _Cell, page: Page) -> Box:
    x, y = _left(cell.column), round(cell.y - cell.height / 2, 1)
    head = Line(x + PADDING, y + PADDING + HEAD_LINE - 6, _cut(page.key, PAGE_WIDTH - 2 * PADDING - 90, HEAD_TEXT))
    first = y + PADDING + HEAD_LINE + PAGE_LINE - 5
    lines = tuple(Line(x + PADDING, round(first + PAGE_LINE * n, 1), text) for n, text in enumerate(cell.lines))
    return Box(page, x, y, PAGE_WIDTH, cell.height, head, lines)


def _label(cell: _Cell) -> Label:
    x, y = _left(cell.column), round(cell.y - cell.height / 2, 1)
    widest = max(text_width(line, LABEL_TEXT) for line in cell.lines)
    lines = tuple(Line(x + 6, round(y + LABEL_LINE * (n + 1), 1), text) for n, text in enumerate(cell.lines))
    return Label(x, y, round(min(widest + 12, LABEL_WIDTH), 1), cell.height, lines)


def _path(chain: Sequence[_Cell]) -> str:
    """From the right side of one page to the left side of another; straight through labels and past other pages."""
    first = chain[0]
    x, y = _left(first.column) + _width(first.column), first.y
    steps = [f"M{x:g} {y:g}"]
    for cell in chain[1:]:
        left = _left(cell.column)
        middle = (x + left) / 2
        steps.append(f"C{middle:g} {y:g} {middle:g} {cell.y:g} {left:g} {cell.y:g}")
        x, y = left, cell.y
        if cell is not chain[-1]:
            x += _width(cell.column)
            steps.append(f"H{x:g}")
    return " ".join(steps)
