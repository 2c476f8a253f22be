"""What is kept of chats under a return code."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from helpline.db import Base


class KeptSummaries(Base):
    """The summaries of somebody who has a code, sealed under it; nothing tells whose they are or of which line."""

    __tablename__ = "kept_summaries"
    # Random keys in a table without row ids: nothing tells in which order rows came.
    __table_args__ = ({"sqlite_with_rowid": False},)

    lookup: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_on: Mapped[date] = mapped_column(Date, index=True)
