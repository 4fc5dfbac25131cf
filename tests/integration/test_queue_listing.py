"""The queue as people look at it and change it by hand, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.queue.ageing import turn
from domain.queue.by_hand import AT_ONCE, ByHand
from domain.queue.dao import Reason
from domain.queue.listing import Listed, Search
from domain.queue.work import Draft
from infra.sql.queue.by_hand import SqlEnqueueByHand
from infra.sql.queue.listing import SqlQueueListing
from integration.queue_rows import GENERAL, WHY, Queue, queue
from queue_rows import DAY, HOUR, ago, ended, insert
from servers import KINDS

FAULT = "5f2d41b0c3a97e68"


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        yield opened


@pytest.fixture
def listing(there: Queue) -> SqlQueueListing:
    return SqlQueueListing(there.database)


@pytest.fixture
def by_hand(there: Queue, listing: SqlQueueListing) -> ByHand:
    return ByHand(there.dao, listing)


def crashed(**more: Any) -> dict[str, Any]:
    error = {"crash_reason": "permanent", "fingerprint": FAULT, "error": "article 17 is unknown"}
    return {**ended(HOUR, "CRASH"), **error, **more}


# --- looking -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(), [6, 5, 4, 3, 2, 1]),
        (Search(queue="mails"), [2]),
        (Search(type="images.update"), [3]),
        (Search(status="CRASH"), [5, 4]),
        (Search(status="CRASH", crash_reason="poison"), [5]),
        (Search(fingerprint=FAULT), [5, 4]),
        (Search(fingerprint=FAULT, type="sample.work", queue="general"), [4]),
        (Search(entity_key="article:17"), [1]),
        (Search(status="GONE"), [6]),
        (Search(status="gone"), []),
        (Search(queue="' OR 1 = 1"), []),
    ],
)
def test_messages_are_found_by_what_they_are(
    there: Queue, listing: SqlQueueListing, search: Search, found: list[int]
) -> None:
    insert(
        there.database,
        [
            {"entity_key": "article:17"},
            {"queue": "mails"},
            {"type": "images.update"},
            crashed(),
            crashed(type="a.b", crash_reason="poison"),
            {"status": "GONE"},
        ],
    )

    assert [message.id for message in listing.search(search, 10)] == found
    assert listing.ids(search) == sorted(found)
    assert listing.count(search) == len(found)
    assert [message.id for message in listing.search(search, 1)] == found[:1]


def test_messages_are_found_by_their_creation(there: Queue, listing: SqlQueueListing) -> None:
    insert(there.database, [{"created_at": ago(2 * DAY)}, {"created_at": ago(HOUR)}, {}])

    found = listing.search(Search(since=listing.now() - DAY), 10)

    assert [message.id for message in found] == [3, 2]


def test_what_waits_is_listed_in_the_order_in_which_it_is_taken(
    there: Queue, listing: SqlQueueListing
) -> None:
    drafts = [
        {"priority": priority, "available_at": ago(hours * HOUR), "direction": direction}
        for priority in (0, 4, 9)
        for hours in (-1, 0, 6, 11)
        for direction in ("incoming", "outgoing")
    ]
    insert(there.database, drafts)

    listed = [message.id for message in listing.search(Search(status="NEW"), 100)]

    assert listed == sorted(listed, key=lambda number: turn(there.message(number)))
    due = {message.id for message in there.dao.claim(GENERAL, "run-1", 100)}
    assert [one for one in listed if one in due] == [
        message.id for message in sorted(map(there.message, due), key=turn)
    ]


def test_a_message_is_read_whole(there: Queue, listing: SqlQueueListing) -> None:
    message_id = there.add(entity_key="article:17", dedupe_key="a", wait=HOUR)

    found = listing.find([message_id, 4711])

    message = there.message(message_id)
    assert set(found) == {message_id}
    for name in Listed.__dataclass_fields__:
        if name != "fingerprint":
            assert getattr(found[message_id], name) == getattr(message, name), name
    assert listing.find([]) == {}


def test_what_befell_a_message_is_told_in_order(there: Queue, listing: SqlQueueListing) -> None:
    message_id = there.add()
    there.dao.prioritize([message_id], 2, WHY)
    there.dao.cancel([message_id], WHY)

    past = listing.history(message_id)

    assert [(one.move, one.actor) for one in past] == [("prioritize", "anna"), ("cancel", "anna")]
    assert past[0].detail == "priority 2: host is gone"
    assert past[0].at <= past[1].at <= listing.now()


def test_queues_are_summed_up_by_direction_and_status(
    there: Queue, listing: SqlQueueListing
) -> None:
    soon = {"available_at": ago(-HOUR)}
    insert(
        there.database,
        [
            *({"available_at": ago(hours * HOUR)} for hours in (3, 5)),
            {"direction": "outgoing", **soon},
            {"status": "PROCESSING", "lease_until": ago(-HOUR)},
            {"status": "IN_QUEUE"},
            crashed(queue="mails"),
            {"status": "GONE", "queue": "mails"},
            {"status": "NEW", "lease_until": ago(HOUR), "queue": "zoo"},
            *([ended(HOUR)] * 3),
        ],
    )

    assert listing.queues() == ["general", "mails", "zoo"]
    found = {
        (one.queue, one.direction, one.status): one.messages
        for name in listing.queues()
        for one in listing.standings(name)
    }
    assert found == {
        ("general", "incoming", "NEW"): 2,
        ("general", "outgoing", "NEW"): 1,
        ("general", "incoming", "PROCESSING"): 1,
        ("general", "incoming", "IN_QUEUE"): 1,
        ("mails", "incoming", "CRASH"): 1,
        ("mails", "incoming", "GONE"): 1,
        ("zoo", "incoming", "NEW"): 1,
    }
    due, waiting = listing.standings("general")[:2]
    assert due.oldest is not None
    assert abs(listing.now() - due.oldest - 5 * HOUR) < timedelta(minutes=1)
    assert waiting.oldest is None
    assert listing.types("general") == ["sample.work"]


def test_pauses_count_until_their_end(there: Queue, listing: SqlQueueListing) -> None:
    now = listing.now()
    there.dao.pause("general", None, WHY, now + HOUR)
    there.dao.pause("general", "images.update", WHY, None)
    there.dao.pause("mails", None, WHY, now - HOUR)

    found = [(one.queue, one.type, one.until, one.reason) for one in listing.barriers()]

    assert found == [
        ("general", "", now + HOUR, "host is gone"),
        ("general", "images.update", None, "host is gone"),
    ]


def test_owners_and_counters_are_told(there: Queue, listing: SqlQueueListing) -> None:
    there.dao.own("general", "legacy", WHY)
    there.dao.count("general", {"cleaned": 3})

    assert [(one.queue, one.owner, one.actor) for one in listing.owners()] == [
        ("general", "legacy", "anna")
    ]
    assert listing.counters() == {("general", "cleaned"): 3}


# --- changing ----------------------------------------------------------------------------------


def test_each_message_that_is_not_reset_says_why(there: Queue, by_hand: ByHand) -> None:
    insert(there.database, [crashed(dedupe_key="a"), {"dedupe_key": "a"}, crashed(), {}])

    told = by_hand.reset([1, 3, 4, 4711, 3], WHY)

    assert [(one.message_id, one.done, one.why) for one in told] == [
        (1, False, "its dedupe key a is taken by message 2, which has not ended"),
        (3, True, ""),
        (4, False, "it is NEW; only what is CRASH can be reset"),
        (4711, False, "there is no such message"),
    ]
    assert there.audit() == [("anna", "queue:reset", "message 3", "host is gone")]


def test_each_message_that_cannot_be_cancelled_or_moved_says_why(
    there: Queue, by_hand: ByHand
) -> None:
    insert(there.database, [{}, {"status": "PROCESSING"}, ended(HOUR)])

    moved = by_hand.prioritize([1, 2, 9], 0, WHY)
    cancelled = by_hand.cancel([1, 3], WHY)

    assert [(one.done, one.why) for one in (*moved, *cancelled)] == [
        (True, ""),
        (False, "it is PROCESSING; only what waits (NEW) can be changed so"),
        (False, "there is no such message"),
        (True, ""),
        (False, "it is PROCESSED; only what waits (NEW) can be changed so"),
    ]


def test_all_of_one_error_are_reset_in_batches_with_what_was_searched_in_the_audit(
    there: Queue, by_hand: ByHand
) -> None:
    others = [crashed(fingerprint="0" * 16), crashed(type="a.b")]
    insert(there.database, [*[crashed()] * (AT_ONCE + 1), *others])
    search = Search(status="CRASH", fingerprint=FAULT, type="sample.work")

    told = by_hand.reset_all(search, WHY)

    assert len(told) == AT_ONCE + 1
    assert all(one.done for one in told)
    left = there.database.rows("SELECT id FROM queue WHERE status = 'CRASH' ORDER BY id")
    assert [row["id"] for row in left] == [AT_ONCE + 2, AT_ONCE + 3]
    noted = there.database.rows("SELECT detail FROM queue_history")
    reason = f"host is gone ({AT_ONCE + 1} messages of fingerprint {FAULT})"
    assert {row["detail"] for row in noted} == {reason}
    assert len(noted) == AT_ONCE + 1
    assert [row[3] for row in there.audit()] == [reason, reason]


def test_a_message_by_hand_is_written_with_its_history_and_the_audit(
    there: Queue, listing: SqlQueueListing
) -> None:
    writer = SqlEnqueueByHand(there.database)
    draft = Draft(type="a.b", payload={"x": 1}, dedupe_key="k", created_by="anna")

    first = writer.enqueue(draft, Reason(actor="anna", reason="again"))
    second = writer.enqueue(draft, Reason(actor="anna", reason="again"))

    assert (first.is_new, second.is_new) == (True, False)
    assert second.message_id == first.message_id
    assert there.message(first.message_id).created_by == "anna"
    assert [(one.move, one.actor, one.detail) for one in listing.history(first.message_id)] == [
        ("enqueue", "anna", "again")
    ]
    assert there.audit() == [("anna", "queue:enqueue", f"message {first.message_id}: a.b", "again")]


# --- what a foreign hand wrote -----------------------------------------------------------------


@pytest.mark.parametrize("instant", [2**62, -(2**62)])
def test_an_instant_that_no_calendar_has_stops_nobody(
    there: Queue, listing: SqlQueueListing, instant: int
) -> None:
    insert(there.database, [{"created_at": instant}, {"available_at": 2**62}])

    found = listing.search(Search(), 10)
    taken = there.dao.claim(GENERAL, "run", 10)

    assert [one.id for one in found] == [2, 1]
    assert [one.id for one in taken] == [1]
