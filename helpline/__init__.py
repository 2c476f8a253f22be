"""Helpline: anonymous chat between visitors and counsellors on duty.

Nothing is imported at module level: `helpline.serve` has to patch the standard library before anything else loads.
"""


def create_app(settings=None, async_mode="threading"):
    """Build the Flask application.

    settings: a `helpline.config.Settings`; read from HELPLINE_* variables when None.
    async_mode: `eventlet` in the launcher, `threading` everywhere else.
    Raises ContentError where advice or course have anything wrong with them: a visitor in panic finds no dead end.
    """
    from helpline import rooms, web
    from helpline.advice import service as advice
    from helpline.lines import service as lines
    from helpline.selfhelp import check as courses
    from helpline.selfhelp import loader

    app = web.new_flask(settings)
    instance_dir, countries = app.config["SETTINGS"].instance_dir, lines.countries()
    courses.prepare(instance_dir, in_use=countries)
    advice.prepare(instance_dir, in_use=countries, courses=frozenset(loader.lines()))
    web.register_extensions(app, async_mode)
    rooms.register(app)
    web.register_sockets(app)
    web.register_errors(app)
    return app
