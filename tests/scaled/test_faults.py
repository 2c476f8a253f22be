"""Each part of the cluster fails while chats talk: nothing is lost, and soon everybody knows everything.

The short form of `python -m tests.scaled.fault_rounds`, which takes more chats and longer faults.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import pytest

from tests.journeys.house import House
from tests.scaled import fault_rounds as faults
from tests.scaled.cluster import Cluster
from tests.scaled.fault_rounds import Fault, FaultRounds

AWAY = 6.0


@pytest.mark.kill
@pytest.mark.parametrize(
    "plan",
    [
        pytest.param([(faults.a_process_killed, n, 0.5) for n in range(2)], id="each process is killed"),
        pytest.param([(faults.postgres_crashed, 0, 1.0)], id="PostgreSQL crashes"),
        pytest.param([(faults.redis_stopped, 0, AWAY)], id="Redis is stopped"),
        pytest.param([(faults.redis_silent, 0, AWAY)], id="Redis is silent"),
        pytest.param([(faults.redis_emptied, 0, 0.5)], id="Redis forgets everything"),
    ],
)
def test_no_text_and_no_contact_is_lost_or_doubled(house: House, plan: Sequence[tuple[Fault, int, float]]) -> None:
    seed = secrets.randbelow(10**6)
    rounds = FaultRounds(house, chats=6, seed=seed, plan=plan)
    problems = rounds.run(len(plan))
    assert not problems, f"seed {seed}: {problems[:10]}"
    assert rounds.figures.texts > 20, "there was hardly any talk to be lost"


@pytest.mark.kill
def test_dispatching_goes_on_whichever_process_dies(house: House, cluster: Cluster) -> None:
    """One of them held the lease."""
    holders = []
    for killed, stays in ((0, 1), (1, 0)):
        anna = house.on_duty("anna", at=cluster.doors[stays])
        holders.append(house.rows("SELECT holder FROM leases"))
        cluster.processes[killed].kill()
        visitor = house.visitor(at=cluster.doors[stays]).join()
        house.tab(visitor)
        anna.accept_next(timeout=10)
        visitor.wire.wait_for("state", state="active")
        visitor.wire.call("leave", {})
        holders.append(house.rows("SELECT holder FROM leases"))
        cluster.processes[killed].start()
    assert len({tuple(holder) for holder in holders}) > 1, "nobody took the lease over"
