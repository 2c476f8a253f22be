"""The yearly report with the names of its line, and as one file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import g, render_template
from flask_babel import force_locale
from markupsafe import Markup

from helpline import clock, paths, web
from helpline.advice import service as advice
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.selfhelp import service as selfhelp
from helpline.stats.periods import Period
from helpline.stats.report_page import Document, document

STYLES = ("tokens", "charts", "report")
# What our styles say to one another is nothing for those who get the file.
COMMENT = re.compile(r"/\*.*?\*/\n*", re.DOTALL)


def document_of(line: Line, told: Mapping[str, Any]) -> Document:
    """A report in the language of the request, under the names that its line gives topics, modules and trees."""
    over = Period(told["year"]).is_over(lines.local(line, clock.now()).date())
    return document(told, line.name, _names(line.slug, web.language()), over=over)


def as_html(line: Line, told: Mapping[str, Any], lang: str) -> str:
    """A report as a whole page, its styles inside; inside an application's context."""
    with force_locale(lang):
        g.lang = lang
        return render_template("desk/report_file.html", doc=document_of(line, told), lang=lang, styles=_styles())


def _styles() -> Markup:
    folder = paths.asset("static") / "css"
    text = "".join(COMMENT.sub("", (folder / f"{name}.css").read_text(encoding="utf-8")) for name in STYLES)
    return Markup("<style>\n{}</style>").format(Markup(text))  # noqa: S704  # our own files


def _names(line: str, lang: str) -> dict[str, dict[str, str]]:
    named = {"topic": {topic.code: topic.labels.get(lang) or topic.code for topic in contacts.topics_of(line)}}
    if advice.has_advice(line):
        trees = advice.content_of(line).files.trees
        named["tree"] = {
            slug: (tree.words.get(lang) or next(iter(tree.words.values()))).title for slug, tree in trees.items()
        }
    if selfhelp.has_course(line):
        content = selfhelp.content_of(line)
        said = content.words.get(lang) or next(iter(content.words.values()))
        modules = (*content.course.modules, *content.course.boosters)
        named["module"] = {module.slug: said[module.slug].title for module in modules}
    return named
