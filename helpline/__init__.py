"""Helpline: anonymous chat between visitors and counsellors on duty.

Nothing is imported at module level: `helpline.serve` has to patch the standard library before anything else loads.
"""


def create_app(settings=None, async_mode="threading"):
    """Build the Flask application.

    settings: a `helpline.config.Settings`; read from HELPLINE_* variables when None.
    async_mode: `eventlet` in the launcher, `threading` everywhere else.
    Raises ContentError where the advice has anything wrong with it: a visitor in panic finds no dead end.
    """
    from helpline import web
    from helpline.advice import service as advice
    from helpline.lines import service as lines

    app = web.new_flask(settings)
    advice.prepare(app.config["SETTINGS"].instance_dir, in_use=lines.countries())
    web.register_extensions(app, async_mode)
    web.register_pages(app)
    web.register_sockets(app)
    web.register_errors(app)
    return app
