"""Log lines as programs and people read them."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from domain.operating.events import Event
from infra import secrets
from infra.telemetry.logs import LEVELS, JsonLog, readable_tail

DEEP = '{"ts":' * 100_000
CHILD = {"ts": "2026-11-21T03:00:00.000Z", "level": "info", "event": "unit.finished"}


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def say_all(log: JsonLog) -> None:
    for level in LEVELS:
        getattr(log, level)("step", level)


def test_each_line_is_one_json_object_with_the_bound_fields() -> None:
    stream = io.StringIO()
    log = JsonLog(stream)
    log.bind(run_id="run-1", cr="CR-010")

    log.info(Event.RUN_STARTED, "line one\nline two", count=3)
    log.warning("step")

    first, second = lines(stream)
    assert (first["level"], first["event"], first["run_id"]) == ("info", "run.started", "run-1")
    assert (first["message"], first["count"]) == ("line one\nline two", 3)
    assert (second["cr"], "message" in second) == ("CR-010", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["ts"])


def test_what_json_does_not_know_becomes_its_text() -> None:
    stream = io.StringIO()

    JsonLog(stream).info("step", path=Path("/import/23"), names={"ü"})

    (line,) = lines(stream)
    assert (line["path"], line["names"]) == ("/import/23", "{'ü'}")


@pytest.mark.parametrize(
    ("verbosity", "levels"),
    [(-1, LEVELS[3:]), (0, LEVELS[1:]), (1, LEVELS), (3, LEVELS)],
)
def test_verbosity_says_which_levels_are_written(verbosity: int, levels: tuple[str, ...]) -> None:
    stream = io.StringIO()

    say_all(JsonLog(stream, verbosity=verbosity))

    assert [line["level"] for line in lines(stream)] == list(levels)


# --- a child's lines ----------------------------------------------------------------------------


def test_a_child_s_log_line_passes_as_it_is() -> None:
    stream = io.StringIO()
    line = json.dumps(CHILD, indent=None)

    JsonLog(stream).forward(line)

    assert stream.getvalue() == line + "\n"


def test_a_child_s_line_below_the_level_is_left_out() -> None:
    stream = io.StringIO()

    JsonLog(stream).forward(json.dumps(CHILD | {"level": "debug"}))

    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "junk",
    [
        "Segmentation fault",
        "{'not': 'json'}",
        '{"ts": "now"}',
        '{"level": "info", "event": "no time"}',
        '{"ts": "", "level": "loud", "event": "step"}',
        '{"ts": "", "level": ["info"], "event": "step"}',
        "[1, 2]",
        "",
        DEEP,
    ],
    ids=lambda junk: junk[:40] or "empty",
)
@pytest.mark.parametrize("human", [False, True])
def test_anything_else_a_child_prints_is_wrapped(junk: str, human: bool) -> None:
    stream = io.StringIO()

    JsonLog(stream, human=human).forward(junk)

    assert "output" in stream.getvalue()
    if not human:
        (line,) = lines(stream)
        assert (line["event"], line.get("message", "")) == ("output", junk)


# --- for people ---------------------------------------------------------------------------------


def readable(**fields: Any) -> str:
    stream = io.StringIO()
    log = JsonLog(stream, human=True)
    log.bind(run_id="run-1", command="cron:sample:work")
    log.warning("attempt.failed", "no file", **fields)
    return stream.getvalue()


def test_a_person_reads_time_level_event_and_message_without_the_ids() -> None:
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d warning attempt\.failed no file attempt=2( pid=\d+)?\n",
        readable(attempt=2),
    )


def test_a_person_sees_a_traceback_on_lines_of_its_own() -> None:
    text = readable(traceback="Traceback:\n  here\n")

    assert text.count("\n") > 2
    assert "\nTraceback:\n  here\n" in text


def test_empty_fields_are_left_out_for_people() -> None:
    assert "items" not in readable(items={})
    assert "holder" not in readable(holder=None)


@pytest.mark.parametrize("sign", ["\x1b[2J", "\r", "\x07", "\u202e"])
def test_what_a_partner_wrote_does_not_steer_the_terminal(sign: str) -> None:
    text = readable(unit=f"file{sign}", traceback=f"here{sign}\nthere")

    assert sign not in text
    assert "here" in text
    assert "\nthere" in text


@pytest.mark.parametrize(("colour", "codes"), [(True, "\033[33mwarning\033[0m"), (False, "")])
def test_colour_is_written_only_when_asked_for(colour: bool, codes: str) -> None:
    stream = io.StringIO()

    JsonLog(stream, human=True).with_colour(colour=colour).warning("step")

    assert codes in stream.getvalue()
    assert ("\033" in stream.getvalue()) is colour


@pytest.mark.parametrize(
    ("verbosity", "shown"),
    [
        (0, set()),
        (1, {"run_id", "pid"}),
        (2, {"run_id", "pid", "command", "host"}),
        (3, {"run_id", "pid", "command", "host", "version"}),
    ],
)
def test_the_louder_the_more_ids_a_person_sees(verbosity: int, shown: set[str]) -> None:
    stream = io.StringIO()
    log = JsonLog(stream, human=True, verbosity=verbosity)
    log.bind(run_id="run-1", pid=1, command="cron:sample:work", host="shop-1", version="1")

    log.info("step")

    assert set(re.findall(r"(\w+)=", stream.getvalue())) == shown


def test_a_kept_tail_is_read_like_the_log_itself() -> None:
    tail = json.dumps(CHILD | {"message": "supplier 23"}) + "\nSegmentation fault"

    assert readable_tail(tail).splitlines() == [
        "03:00:00 info    unit.finished supplier 23",
        "Segmentation fault",
    ]


def test_a_child_s_log_has_the_ids_of_its_run(capsys: pytest.CaptureFixture[str]) -> None:
    log = JsonLog(human=True)
    log.bind(run_id="run-1")

    log.for_child().debug("step")

    line = json.loads(capsys.readouterr().err)
    assert (line["run_id"], line["level"]) == ("run-1", "debug")


# --- a log that cannot be written ---------------------------------------------------------------


class FullDisk(io.StringIO):
    """A stream on a full disk."""

    def write(self, text: str, /) -> int:
        raise OSError(28, "No space left on device")


def test_a_closed_stream_stops_no_job() -> None:
    stream = io.StringIO()
    log = JsonLog(stream)
    stream.close()

    log.error("step")
    log.forward("output")


def test_a_full_disk_stops_no_job() -> None:
    log = JsonLog(FullDisk())

    log.error("step")
    log.forward("output")


# --- secrets ------------------------------------------------------------------------------------

WORD = 'hunter"22'


@pytest.fixture
def _one_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", {WORD: None, "info": None})
    monkeypatch.setattr(secrets, "_patterns", [])


@pytest.mark.usefixtures("_one_secret")
@pytest.mark.parametrize("human", [False, True])
def test_a_secret_is_in_no_part_of_a_line(human: bool) -> None:
    stream = io.StringIO()
    log = JsonLog(stream, verbosity=3, human=human)
    log.bind(scope=WORD)

    log.info(Event.DEFECT, WORD, error=ValueError(WORD), nested={"a": [WORD]}, traceback=WORD)
    log.forward(f"printed {WORD}")
    log.forward(json.dumps({**CHILD, "message": WORD, "password": [WORD]}))

    assert "hunter" not in stream.getvalue()
    assert (
        stream.getvalue().count("***") == 9 + 3 * human
    )  # three levels that look like the other secret


@pytest.mark.usefixtures("_one_secret")
def test_a_forwarded_line_without_a_secret_is_passed_on_byte_by_byte_and_one_with_stays_json() -> (
    None
):
    stream = io.StringIO()
    log = JsonLog(stream)
    plain = json.dumps({**CHILD, "level": "warning", "message": "ü"})

    log.forward(plain)
    log.forward(json.dumps({**CHILD, "message": WORD}))

    first, second = stream.getvalue().splitlines()
    assert first == plain
    assert json.loads(second) == {**CHILD, "message": "***"}
