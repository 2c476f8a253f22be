"""Extensions, unbound; `helpline.web` binds them to the application."""

from flask_babel import Babel
from flask_socketio import SocketIO
from flask_wtf.csrf import CSRFProtect

babel = Babel()
csrf = CSRFProtect()
socketio = SocketIO()
