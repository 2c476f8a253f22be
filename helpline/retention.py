"""What is destroyed when its time is over, in all rooms."""

from __future__ import annotations

from datetime import datetime

from helpline.chat import retention as chat
from helpline.contacts import campaigns
from helpline.letters import service as letters
from helpline.selfhelp import service as selfhelp
from helpline.stats import service as stats
from helpline.summaries import service as summaries


def purge(now: datetime) -> dict[str, int]:
    """Destroy what is past its time; how many of each."""
    kept = {"courses": selfhelp.purge(now), "letters": letters.purge(now), "summaries": summaries.purge(now)}
    destroyed = {**chat.purge(now), **kept}
    destroyed["counter_days"] += campaigns.merge_old_counts(now)
    return {**destroyed, "persons": stats.forget_closed_years()}
