"""Lines of a web server's log."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.page_hits.combined import Unreadable, page_hit

AGENT = "Mozilla/5.0 (X11; Linux)"


def line(
    request: str = "GET /reifen/1?token=secret#top HTTP/1.1",
    *,
    when: str = "17/May/2015:10:05:03 +0000",
    agent: str = AGENT,
    status: str = "200",
) -> str:
    return f'83.149.9.216 - - [{when}] "{request}" {status} 203023 "http://a.example/" "{agent}"'


def instant(ts: int) -> datetime:
    return datetime.fromtimestamp(ts / 1_000_000, UTC)


def test_a_hit_has_its_instant_path_agent_and_status_and_neither_query_nor_address() -> None:
    hit = page_hit(line())

    assert (instant(hit.ts), hit.path, hit.agent, hit.status) == (
        datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC),
        "/reifen/1",
        AGENT,
        200,
    )
    assert "83.149" not in hit.session
    assert hit.session == page_hit(line("HEAD / HTTP/1.0")).session
    assert hit.session != page_hit(line(agent="other")).session


@pytest.mark.parametrize(
    ("when", "hour"),
    [
        ("17/May/2015:10:05:03 +0200", 8),
        ("17/May/2015:10:05:03 -0330", 13),
        ("31/Dec/2016:23:59:60 +0000", 23),  # a leap second
    ],
)
def test_the_zone_of_the_line_counts(when: str, hour: int) -> None:
    assert instant(page_hit(line(when=when)).ts).hour == hour


@pytest.mark.parametrize(
    ("request_line", "path"),
    [
        ("GET http://shop.example/a/b?c HTTP/1.1", "/a/b"),
        ("GET /with%20blank HTTP/1.1", "/with%20blank"),
        ('GET /quoted\\"sign HTTP/1.1', '/quoted\\"sign'),
        ("GET /old", "/old"),
        (f"GET /{'x' * 900} HTTP/1.1", f"/{'x' * 499}"),
    ],
)
def test_a_path_is_what_was_asked_for_without_its_query(request_line: str, path: str) -> None:
    assert page_hit(line(request_line)).path == path


def test_a_line_without_referrer_and_agent_is_a_hit_of_nobody_in_particular() -> None:
    hit = page_hit('10.0.0.1 - ann b [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 -')

    assert (hit.path, hit.agent) == ("/", "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not in the combined log format"),
        ("nonsense", "not in the combined log format"),
        (line(status="OK"), "not in the combined log format"),
        (line("-"), "asks for no page"),
        (line("\\x16\\x03\\x01"), "asks for no page"),
        (line("OPTIONS * HTTP/1.0"), "asks for no page"),
        (line(when="17/Mai/2015:10:05:03 +0000"), "time 17/Mai/2015"),
        (line(when="31/Feb/2015:10:05:03 +0000"), "time 31/Feb/2015"),
        (line(when="17/May/2015:10:05:03 +9900"), "time"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        page_hit(text)
