"""The Flask application: extensions, pages, cookies, security headers, languages, error pages."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Request, Response, current_app, g, jsonify, render_template, request, url_for
from flask.sessions import SessionInterface, SessionMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import BadHost, BadRequest, HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from helpline import addresses, config, counts, paths, transport
from helpline.extensions import babel, csrf, limiter, socketio
from helpline.privacy import sessions
from helpline.privacy.keyring import secret
from helpline.translations import Catalogues

log = structlog.get_logger()

LANGUAGES = {"en": "English", "nl": "Nederlands"}
VISIT, CONSOLE = "visit", "console"
SELF, NONE = "'self'", "'none'"
# Pages that stand in a frame of another page of ours.
FRAMED = ("visitor.transcript", "visitor.place")
# Fields of what visitors write. Their pages say what can't be stored and give it back; a campaign's code is dropped.
WRITTEN = ("introduction", "body", "first_message", "text", "remark")


def new_flask(settings: config.Settings | None) -> Flask:
    """A bare application bound to its settings and database."""
    chosen = settings or config.load()
    config.use(chosen)
    from helpline import install

    install.prepare(chosen)
    app = Flask("helpline", template_folder=str(paths.asset("templates")), static_folder=str(paths.asset("static")))
    app.secret_key = secret(chosen.instance_dir, "forms")
    app.config.update(
        SETTINGS=chosen,
        WTF_CSRF_TIME_LIMIT=None,
        # Flask-WTF would refuse forms over TLS without a Referer, which careful browsers leave out.
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=256 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        BABEL_DEFAULT_LOCALE="en",
        RATELIMIT_STORAGE_URI=counts.SCHEME + chosen.redis_url if chosen.redis_url else "memory://",
        RATELIMIT_HEADERS_ENABLED=False,
    )
    app.session_interface = CookieSessions()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    return app


def register_extensions(app: Flask, async_mode: str) -> None:
    """Bind Babel, form protection, sign-in and Socket.IO."""
    # Before all others: what they refuse is said in the language of the path too.
    app.before_request(choose_language)
    app.before_request(refuse_nul)
    babel.init_app(app, locale_selector=lambda: language())
    babel.domain_instance = Catalogues()
    csrf.init_app(app)
    limiter.init_app(app)
    socketio.init_app(
        app,
        async_mode=async_mode,
        async_handlers=False,
        transports=["websocket"],
        allow_upgrades=False,
        # The namespaces compare the origin themselves, so that a foreign one gets the protocol's error.
        cors_allowed_origins=[],
        cookie=None,
        json=transport.Json,
        serializer=transport.TextPacket,
        client_manager=transport.SharedRooms() if async_mode == "threading" else None,
        max_http_buffer_size=64 * 1024,
        http_compression=False,
        manage_session=False,
        logger=False,
        engineio_logger=False,
    )
    if hops := app.config["SETTINGS"].trusted_proxies:
        # After Socket.IO, which puts itself in front: its origins are compared with the proxied host as well.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # the documented way
    app.after_request(harden)
    app.context_processor(page_context)


def register_sockets(app: Flask) -> None:
    """Give Socket.IO its namespaces and begin with nobody heard or shown."""
    from helpline.chat import catch_up, presence, sockets, sweep

    presence.forget()
    sweep.forget()
    catch_up.forget()
    sockets.register(socketio)


# Cookies


class CookieSession(dict[str, Any], SessionMixin):
    """Holds nothing but the form token derived from a random cookie; the sealed content is opened by services."""

    def __init__(self, cookie: str, fresh: bool) -> None:
        super().__init__(csrf_token=sessions.csrf_of(cookie))
        self.cookie, self.fresh, self.used = cookie, fresh, False

    def __contains__(self, name: object) -> bool:
        self.used = True
        return super().__contains__(name)


class CookieSessions(SessionInterface):
    """A random cookie of this host, one for visitors, one for the console; no form of another site replaces it."""

    def open_session(self, app: Flask, request: Request) -> CookieSession:
        found = request.cookies.get(cookie_name(request.path))
        if found and sessions.is_cookie(found):
            return CookieSession(found, fresh=False)
        return CookieSession(sessions.new_cookie(), fresh=request.method == "GET" or not from_another_site())

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if isinstance(session, CookieSession) and session.fresh and session.used and not g.get("cookie_set"):
            _set_cookie(response, cookie_name(request.path), session.cookie)


def cookie_name(path: str) -> str:
    """Which of the two cookies belongs to this path."""
    return CONSOLE if path.startswith("/console") else VISIT


def _set_cookie(response: Response, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", httponly=True, samesite="Lax", secure=config.current().over_tls)
    response.headers["Cache-Control"] = "no-store"


def visit_cookie() -> str:
    """The cookie of this visitor's request, made new when it brought none."""
    from flask import session

    session.used = True  # type: ignore[attr-defined]  # our own session class
    return str(session.cookie)  # type: ignore[attr-defined]  # our own session class


def set_console_cookie(response: Response, token: str) -> None:
    """Give the browser the token of a sign-in in place of whatever it had."""
    g.cookie_set = True
    _set_cookie(response, CONSOLE, token)


def clear_cookie(response: Response, name: str) -> None:
    """Take a cookie from the browser."""
    g.cookie_set = True
    response.delete_cookie(name, path="/", httponly=True, samesite="Lax", secure=config.current().over_tls)


# Where a request comes from


def from_this_machine() -> bool:
    """True for a caller on the loopback: a proxy that is not announced by a setting, or a test. Nobody to limit."""
    return config.is_loopback(addresses.plain(request.remote_addr or ""))


def from_another_site() -> bool:
    """Whether a page of another site made this request, as far as the browser says."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


# Languages


def language() -> str:
    """The language of this request: by path, in the console by its own cookie, else as the browser prefers."""
    if "lang" in g:
        return str(g.lang)
    if not request:
        return "en"
    kept = request.cookies.get("lang") if request.path.startswith("/console") else None
    return kept if kept in LANGUAGES else request.accept_languages.best_match(list(LANGUAGES)) or "en"


def choose_language() -> None:
    """Take the language from the path."""
    wanted = (request.view_args or {}).get("lang")
    if wanted in LANGUAGES:
        g.lang = wanted
    elif request.path.split("/", 2)[1] in LANGUAGES:
        g.lang = request.path.split("/", 2)[1]


def refuse_nul() -> None:
    """No address and no field has a NUL in it, and PostgreSQL takes none."""
    given = (*request.args.items(multi=True), *request.form.items(multi=True))
    fields = (text for name, value in given if name not in (*WRITTEN, "c") for text in (name, value))
    if "\0" in request.path or any("\0" in text for text in fields):
        raise BadRequest


def languages_of_page() -> list[dict[str, Any]]:
    """Every language with the address of this page in it."""
    return [
        {"code": code, "name": name, "current": code == language(), "url": _page_in(code)}
        for code, name in LANGUAGES.items()
    ]


def _page_in(code: str) -> str:
    arguments = request.view_args or {}
    if request.path.startswith("/console"):
        return url_for("desk.change_language", lang=code)
    if request.endpoint == "public.joint":
        return url_for("public.joint", lang=code)
    line = g.get("line")
    # A path with a line that is not here is not repeated: the page it belongs to may be another line's.
    known = "lang" in arguments and arguments.get("line") == (line.slug if line else None)
    endpoint = request.endpoint if request.method == "GET" else _page_of_form()
    if endpoint and known:
        return url_for(endpoint, **(arguments | {"lang": code}))
    return url_for("public.front", lang=code, line=line.slug) if line else url_for("public.joint", lang=code)


def _page_of_form() -> str | None:
    """The page that a form belongs to which was answered with a page: at its own address or at the one above."""
    addresses = current_app.create_url_adapter(request)
    for path in (request.path, request.path.rsplit("/", 1)[0] + "/"):
        with contextlib.suppress(HTTPException):
            assert addresses is not None  # noqa: S101 - there is one for every request
            return str(addresses.match(path, method="GET")[0])
    return None


# Templates


def page_context() -> dict[str, Any]:
    """What every template may use."""
    line = g.get("line")
    theme = "console" if request.path.startswith("/console") else (line.slug if line else "joint")
    context: dict[str, Any] = {
        "lang": language(),
        "languages": languages_of_page(),
        "theme": theme,
        "line": line,
        "exit_url": url_for("public.quick_exit"),
        "has_first_page": _has_first_page,
        "help": {},
    }
    if line is not None:
        from helpline.lines import texts

        context["help"] = texts.load_help(line.country, language(), config.current().instance_dir, line=line.slug)
    return context


def _has_first_page() -> bool:
    """Whether `/` shows a page to somebody who is on no line's page."""
    from helpline.lines import service

    return service.joint_front_page()


# Headers


def harden(response: Response) -> Response:
    """Headers of every answer: nothing from elsewhere, nothing inline, no trace in referrers, only our own frames."""
    host = urlsplit(request.host_url)
    sockets = f"{'wss' if host.scheme == 'https' else 'ws'}://{host.netloc}"
    framed = request.endpoint in FRAMED
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self' {sockets}; frame-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {SELF if framed else NONE}"
    )
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "SAMEORIGIN" if framed else "DENY"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), browsing-topics=()"
    if config.current().over_tls:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


# Errors


def register_errors(app: Flask) -> None:
    """Own pages for what goes wrong; JSON for those who asked for JSON."""
    app.register_error_handler(CSRFError, form_expired)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _failed)
    app.register_error_handler(SQLAlchemyError, _failed)


def wants_json() -> bool:
    """True when the caller asked for JSON rather than for a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def problem(status: int, code: str, template: str, **context: Any) -> tuple[Any, int]:
    """An answer that says what went wrong, as JSON or as a page."""
    if wants_json():
        return jsonify(ok=False, error=code), status
    return render_template(template, **context), status


def remember_line() -> None:
    """What went wrong before any view found the page's line still belongs to that line: its colours, its way back."""
    from helpline.lines.pages import find_line, own_line

    parts = request.path.split("/")
    if "line" not in g and "\0" not in request.path and len(parts) > 3 and parts[1] in LANGUAGES:
        with contextlib.suppress(HTTPException):
            find_line(parts[2], parts[1])
    own = own_line()
    if "line" not in g and own is not None and language() in own.languages:
        g.line = own


def form_expired(error: CSRFError) -> tuple[Any, int]:
    remember_line()
    return problem(400, "forbidden", "errors/gone.html", form_expired=True, kept_text=written())


def written() -> str:
    """All that somebody wrote into the form that was sent, to be given back; nothing else of a form is."""
    return "\n\n".join(filter(None, map(request.form.get, WRITTEN)))


# The protocol's error code and the page for each status; whatever is not named is like `invalid` and not found.
_PROBLEMS = {
    400: ("invalid", "errors/404.html"),
    401: ("forbidden", "errors/403.html"),
    403: ("forbidden", "errors/403.html"),
    404: ("not_found", "errors/404.html"),
    410: ("not_found", "errors/gone.html"),
    405: ("invalid", "errors/405.html"),
    413: ("too_long", "errors/413.html"),
    429: ("rate_limited", "errors/403.html"),
}


def _refused(error: HTTPException) -> Any:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    if isinstance(error, BadHost):
        return Response(status=status, mimetype="text/plain")  # a page has links, and those need a host
    if status >= 500:
        return _failed(error)
    remember_line()
    return problem(status, *_PROBLEMS.get(status, _PROBLEMS[400]))


def _failed(error: Exception) -> tuple[Any, int]:
    log.error("request_failed", endpoint=request.endpoint, problem=type(error).__name__)
    # A database that is away for a moment is no mistake of ours: whoever tries again finds it back. One that went in
    # the middle of an answer is an error of no nearer kind.
    away = isinstance(error, OperationalError) or type(error) is DatabaseError
    kept_text = "" if from_another_site() else written()
    return problem(503 if away else 500, "unavailable", "errors/500.html", unavailable=True, kept_text=kept_text)
