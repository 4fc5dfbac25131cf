"""What operators do to messages, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.queue.dao import Settlement
from domain.queue.job import CrashReason, Status
from domain.queue.transitions import Move
from integration.queue_rows import EXPIRED, RUN, WHY, Queue, queue
from servers import KINDS

RETRY = Settlement(move=Move.RETRY, error="no answer from 10.0.0.7", wait=timedelta(minutes=5))
CRASH = Settlement(move=Move.CRASH_PERMANENT, error="ValueError: article 17 is unknown")
EXHAUSTED = Settlement(move=Move.CRASH_EXHAUSTED, error="no answer")


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        yield opened


# --- operators ----------------------------------------------------------------------------------


def test_a_crashed_message_begins_anew_under_its_old_claim_number(there: Queue) -> None:
    claim = there.begun()
    there.dao.settle(claim, CRASH)
    waiting = there.add()

    assert there.dao.reset([waiting, claim.message_id, 4711], WHY) == [claim.message_id]

    message = there.message(claim.message_id)
    assert (message.status, message.attempts, message.claim_no) == (Status.NEW, 0, 1)
    assert (message.crash_reason, message.finished_at) == (None, None)
    assert there.history(claim.message_id)[-1] == ("reset", "anna", None)
    assert there.audit() == [("anna", "queue:reset", f"message {claim.message_id}", "host is gone")]


def test_a_crashed_message_whose_key_waits_again_stays_where_it_is(there: Queue) -> None:
    first = there.begun(dedupe_key="article 1")
    there.dao.settle(first, CRASH)
    second = there.begun(dedupe_key="article 1")
    there.dao.settle(second, CRASH)

    moved = there.dao.reset([first.message_id, second.message_id], WHY)

    assert moved == [first.message_id]
    assert there.status(second.message_id) == "CRASH"


def test_only_what_nobody_took_can_be_cancelled(there: Queue) -> None:
    held = there.begun()
    waiting = there.add()

    assert there.dao.cancel([held.message_id, waiting], WHY) == [waiting]

    message = there.message(waiting)
    assert (message.status, message.crash_reason) == (Status.CRASH, CrashReason.CANCELLED)
    assert "host is gone" in str(message.error)
    assert there.history(waiting) == [("cancel", "anna", None)]


def test_without_actor_or_reason_nothing_is_changed_by_hand(there: Queue) -> None:
    message_id = there.add()

    assert there.dao.cancel([message_id], replace(WHY, reason=" ")) == []
    assert there.status(message_id) == "NEW"
    assert there.audit() == []


def test_a_forced_restart_takes_what_is_silent_and_fences_its_holder(there: Queue) -> None:
    live, silent = there.begun(), there.begun()
    there.age(silent.message_id)

    [swept] = there.dao.force_restart("general", WHY)

    assert (swept.message.id, swept.move) == (silent.message_id, Move.FORCE_RESTART)
    assert swept.message.claim_no == silent.claim_no + 1
    assert there.dao.heartbeat([live, silent]) == [live]
    assert there.history(silent.message_id) == [("force restart", "anna", RUN)]


def test_a_forced_restart_of_live_messages_takes_all_and_ends_the_last_attempts(
    there: Queue,
) -> None:
    begun, last = there.begun(), there.begun(max_attempts=1)
    there.add()
    [unbegun] = there.claim()

    swept = there.dao.force_restart("general", WHY, including_live=True)

    assert [one.move for one in swept] == [
        Move.FORCE_RESTART,
        Move.FORCE_CRASH,
        Move.FORCE_RESTART,
    ]
    assert there.dao.heartbeat([begun, last, unbegun]) == []
    assert there.message(last.message_id).crash_reason is CrashReason.EXHAUSTED
    assert len(there.audit()) == 1


def test_waiting_messages_move_up_and_down(there: Queue) -> None:
    first, second = there.add(), there.add()

    assert there.dao.prioritize([second, 4711], 0, WHY) == [second]

    assert [claim.message_id for claim in there.claim()] == [second, first]
    assert there.dao.prioritize([first], 1, WHY) == []


# --- counters -----------------------------------------------------------------------------------


def test_counters_grow_from_zero(there: Queue) -> None:
    there.dao.count("general", {"to:PROCESSED": 3, "stale_restarts": 1})
    there.dao.count("general", {"to:PROCESSED": 2})
    there.dao.count("general", {})

    assert there.counters() == {"to:PROCESSED": 5, "stale_restarts": 1}


def test_a_message_expires_only_when_its_lease_does(there: Queue) -> None:
    claim = there.begun()
    there.age(claim.message_id, timedelta(seconds=50))

    assert there.dao.restart_stale("general", 10) == []

    there.age(claim.message_id, EXPIRED - timedelta(seconds=50))

    assert len(there.dao.restart_stale("general", 10)) == 1
