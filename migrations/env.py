"""Alembic's entry: runs the numbered revisions on the engine that Helpline has bound."""

from __future__ import annotations

from alembic import context

from helpline import db
from helpline.chat import models as chat_models
from helpline.contacts import campaigns
from helpline.contacts import models as contact_models
from helpline.letters import models as letter_models
from helpline.lines import models as line_models
from helpline.privacy import sessions
from helpline.selfhelp import models as selfhelp_models
from helpline.staff import models as staff_models
from helpline.stats import models as stats_models

# Named so that their tables are known to the metadata.
TABLES = (
    campaigns,
    chat_models,
    contact_models,
    letter_models,
    line_models,
    selfhelp_models,
    sessions,
    staff_models,
    stats_models,
)


def run() -> None:
    """All revisions in one write transaction."""
    with db.engine().connect() as connection:
        connection = connection.execution_options(writes=True)
        context.configure(
            connection=connection,
            target_metadata=db.Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            # The engine begins by itself, so SQLite takes all of a migration or nothing too.
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
