"""What visitors read, for staff to look at: trees as drawings, their pages and modules of courses in each language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from helpline import config, web
from helpline.advice import service as advice
from helpline.advice.drawing import draw
from helpline.advice.outline import Outline, needed, outline
from helpline.advice.tree import Advice, Node, Question
from helpline.lines import service as lines
from helpline.lines import texts
from helpline.selfhelp import preview
from helpline.selfhelp import service as selfhelp

if TYPE_CHECKING:
    from helpline.advice.loader import Content
    from helpline.selfhelp.course import Module
    from helpline.selfhelp.loader import Content as CourseContent

content = Blueprint("content", __name__, url_prefix="/console/content")


@dataclass(frozen=True)
class InWords:
    """How the pages of a line are called in a language."""

    found: Content
    lang: str

    @property
    def any_answer(self) -> str:
        """Whatever is answered."""
        return _("any answer")

    @property
    def otherwise(self) -> str:
        """What no branch before took."""
        return _("otherwise")

    def title(self, node: Node) -> str:
        """A question as it is asked, or the title of an advice."""
        if isinstance(node, Advice):
            return self.found.advice(node, self.lang).title
        return self.found.question(node, self.lang).ask

    def tree(self, slug: str) -> str:
        """The title of a tree."""
        return self.found.files.trees[slug].words[self.lang].title

    def option(self, node: Question, option: str) -> str:
        """An answer as it stands on its button."""
        return self.found.question(node, self.lang).options[option]

    def only_if(self, question: str, options: str) -> str:
        """That an earlier answer is needed, too."""
        return _("if %(question)s: %(answers)s", question=question, answers=options)


def _found(line: str, tree: str | None = None) -> Content:
    """The trees of a line, or 404."""
    if not advice.has_advice(line):
        abort(404)
    found = advice.content_of(line)
    if tree is not None and tree not in found.files.trees:
        abort(404)
    return found


def _name(line: str) -> str:
    return next((known.name for known in lines.all_lines() if known.slug == line), line)


def _outline(found: Content, tree: str, words: InWords) -> Outline:
    return outline(found.forest, f"{tree}/{found.files.trees[tree].shape.start}", words)


@content.get("/", endpoint="lines")
def show_lines() -> str:
    """All trees and all modules of all lines."""
    there = [
        (
            line,
            _found(line.slug) if advice.has_advice(line.slug) else None,
            _modules(selfhelp.content_of(line.slug)) if selfhelp.has_course(line.slug) else [],
        )
        for line in lines.all_lines()
    ]
    there = [(line, found, modules) for line, found, modules in there if found or modules]
    return render_template("desk/content.html", member=current_user, there=there, language=web.language())


@content.get("/<line>/<tree>/", endpoint="tree")
def show_tree(line: str, tree: str) -> str:
    """A tree as a drawing, and as a list for those who can't see it."""
    found = _found(line, tree)
    words = InWords(found, web.language())
    shown = _outline(found, tree, words)
    start = shown.pages[0].id
    from_trees = {
        node.tree
        for node in found.forest.nodes.values()
        if isinstance(node, Question) and node.tree != tree and any(branch.go == start for branch in node.branches)
    }
    return render_template(
        "desk/content_tree.html",
        member=current_user,
        line=line,
        line_name=_name(line),
        tree=tree,
        files=found.files.trees[tree],
        words=words,
        outline=shown,
        drawing=draw(shown),
        from_trees=sorted(from_trees),
        closing=[found.forest.nodes[closing] for closing in found.forest.closing],
    )


@content.get("/<line>/<tree>/<node>/", endpoint="page")
def show_page(line: str, tree: str, node: str) -> str:
    """One page of a tree as visitors read it, in the language of `?lang=`, else in that of the console."""
    found = _found(line)
    place = found.forest.nodes.get(f"{tree}/{node}")
    if place is None:
        abort(404)
    languages = tuple(found.files.shared)
    lang = request.args.get("lang", web.language())
    if lang not in languages:
        abort(404)
    shown = _outline(found, tree, InWords(found, web.language())) if tree in found.files.trees else None
    is_advice = isinstance(place, Advice)
    return render_template(
        "desk/content_page.html",
        member=current_user,
        line=line,
        line_name=_name(line),
        tree=tree,
        place=place,
        outline=shown,
        title=InWords(found, web.language()).title(place),
        tree_title=InWords(found, web.language()).tree(tree) if shown else None,
        read_in=lang,
        read_languages=[(code, web.LANGUAGES[code]) for code in languages],
        asked=None if is_advice else found.question(place, lang),
        read=found.advice(place, lang) if is_advice else None,
        sections=_sections(found, place, lang) if is_advice else [],
    )


def _sections(found: Content, place: Advice, lang: str) -> list[tuple[str, list[tuple[str, str, list[Any]]]]]:
    """Every section with all its parts: name, who reads it, and its blocks."""
    entries = _entries(found.files.line, lang)
    words = InWords(found, web.language())
    return [
        (
            found.files.shared[lang].sections[section],
            [
                (
                    piece.name,
                    ", ".join(needed(found.forest, place.tree, piece.when, words)),
                    [_block(block, entries) for block in found.blocks(place.tree, piece.name, lang)],
                )
                for piece in pieces
            ],
        )
        for section, pieces in place.sections
    ]


def _entries(line: str, lang: str) -> dict[str, texts.HelpEntry]:
    """The help entries of a line's country."""
    country = next((known.country for known in lines.all_lines() if known.slug == line), None)
    return {} if country is None else texts.load_help(country, lang, config.current().instance_dir, line=line)


def _block(block: Any, entries: dict[str, texts.HelpEntry]) -> Any:
    """Text as it is; a card with the help entry it stands for, None where the country lacks it."""
    key = getattr(block, "key", None)
    return block if key is None else {"key": key, "entry": entries.get(key)}


# The course


def _modules(found: CourseContent) -> list[tuple[Module, Any]]:
    """Every module and look-back with its words in the language of the console, or in the first there is."""
    words = found.words.get(web.language()) or next(iter(found.words.values()))
    return [(module, words[module.slug]) for module in (*found.course.modules, *found.course.boosters)]


@content.get("/<line>/course/<slug>/", endpoint="module")
def show_module(line: str, slug: str) -> str:
    """A module as somebody reads it who has written nothing yet, in the language of `?lang=`."""
    if not selfhelp.has_course(line):
        abort(404)
    found = selfhelp.content_of(line)
    module = found.course.module(slug) or abort(404)
    lang = request.args.get("lang", web.language() if web.language() in found.words else next(iter(found.words)))
    if lang not in found.words:
        abort(404)
    order = _modules(found)
    at = next(place for place, (other, _) in enumerate(order) if other.slug == slug)
    return render_template(
        "desk/content_module.html",
        member=current_user,
        line=line,
        line_name=_name(line),
        module=module,
        many=len(found.course.modules),
        title=order[at][1].title,
        words=found.words[lang][slug],
        # Whoever looks at a page here is no visit: links to other modules stay in the console.
        parts=list(preview.parts(found, lang, module, _entries(line, lang), _module_url(line, "SLUG", lang))),
        before=order[at - 1] if at else None,
        after=order[at + 1] if at + 1 < len(order) else None,
        read_in=lang,
        read_languages=[(code, web.LANGUAGES[code]) for code in found.words],
        column_words=preview.column_words,
    )


def _module_url(line: str, slug: str, lang: str) -> str:
    return url_for("content.module", line=line, slug=slug, lang=lang)
