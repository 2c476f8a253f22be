"""What the pages of a line have in common."""

from __future__ import annotations

from flask import abort, g, request

from helpline import config, web
from helpline.lines import service, texts
from helpline.lines.models import Line

# Only known languages, so that no path of another room is taken for one.
LANG = "<any(" + ", ".join(web.LANGUAGES) + "):lang>"


def own_line() -> Line | None:
    """The line whose own host name was asked, if any."""
    return service.line_of_host(request.host.partition(":")[0])


def find_line(slug: str, lang: str) -> Line:
    """The line of this path on this host, remembered for the templates; 404 where it doesn't belong."""
    try:
        line = service.get_line(slug)
    except service.UnknownLine:
        abort(404)
    own = own_line()
    if (own is not None and own.slug != line.slug) or lang not in line.languages:
        abort(404)
    g.line = line
    return line


def limits_of(line: Line) -> texts.Limits:
    """What is confidential on this line and what the limits are, in the language of the page."""
    return texts.load_limits(line.country, line.slug, web.language(), config.current().instance_dir)
