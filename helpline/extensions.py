"""Extensions, unbound; `helpline.web` binds them to the application."""

from flask_babel import Babel
from flask_limiter import Limiter
from flask_socketio import SocketIO
from flask_wtf.csrf import CSRFProtect

babel = Babel()
csrf = CSRFProtect()
socketio = SocketIO()


def _caller() -> str:
    from helpline.addresses import address_hash

    return address_hash()


limiter = Limiter(key_func=_caller)
