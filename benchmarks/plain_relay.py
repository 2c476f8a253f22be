"""What the product is compared with: the chat that the Flask-SocketIO documentation leads to.

One Flask application, one event handler a kind of event, one SQLAlchemy insert and commit a text, rooms for the
chats. No rights, no keys, no recognition of resends. It runs on the same server as the product does, since
Flask-SocketIO picks it when it is installed; patching the standard library first, as larger applications do, makes no
measurable difference here. Read marks and typing are passed on and not stored.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask_socketio import SocketIO, emit, join_room
from sqlalchemy import DateTime, String, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = Flask(__name__)
socketio = SocketIO(app)


class Base(DeclarativeBase):
    """Base of the one table."""


class Message(Base):
    """A text."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    chat: Mapped[str] = mapped_column(String(32), index=True)
    author: Mapped[str] = mapped_column(String(16))
    client_id: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(String(4000))
    sent_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def bind(path: Path) -> None:
    """Make the database, as safe against a power cut as the product's: WAL with synchronous=FULL."""
    global engine
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    Base.metadata.create_all(engine)


@socketio.on("join")
def join(data: dict[str, Any]) -> dict[str, Any]:
    """Hear what is said in a chat."""
    join_room(data["chat"])
    return {"ok": True}


@socketio.on("say")
def say(data: dict[str, Any]) -> dict[str, Any]:
    """Store a text, pass it on to the room, acknowledge it."""
    # Without expire_on_commit=False every text would be read back once more: a kindness to what we compare with.
    with Session(engine, expire_on_commit=False) as session:
        message = Message(
            chat=data["chat"],
            author=data["author"],
            client_id=data["client_id"],
            body=data["body"],
            sent_at=datetime.now(UTC),  # noqa: TID251 - stands outside the house, whose clock is the product's
        )
        session.add(message)
        session.commit()
        told = {
            "seq": message.id,
            "client_id": message.client_id,
            "author": message.author,
            "body": message.body,
            "sent_at": message.sent_at.isoformat(),
            "chat": message.chat,
        }
    emit("message", told, to=data["chat"])
    return {"ok": True, "seq": told["seq"]}


@socketio.on("typing")
def typing(data: dict[str, Any]) -> dict[str, Any]:
    """Somebody types or has stopped."""
    emit("typing", {"chat": data["chat"], "on": data["on"]}, to=data["chat"], include_self=False)
    return {"ok": True}


@socketio.on("read")
def read(data: dict[str, Any]) -> dict[str, Any]:
    """Somebody has read up to a text."""
    emit("read", {"chat": data["chat"], "seq": data["seq"]}, to=data["chat"], include_self=False)
    return {"ok": True}


def main() -> None:
    """Serve on the loopback."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--database", type=Path, required=True)
    chosen = options.parse_args()
    bind(chosen.database)
    socketio.run(app, host="127.0.0.1", port=chosen.port)


if __name__ == "__main__":
    main()
