"""For launchers of one's own; `helpline serve` is the ordinary way in.

eventlet is patched before anything else is imported, so the imports below cannot stand on top.
"""

import eventlet

eventlet.monkey_patch()

from helpline import create_app  # noqa: E402  # only after the patch

application = app = create_app()
