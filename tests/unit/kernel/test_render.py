"""Results as people and programs read them."""

from __future__ import annotations

import json

import pytest

from commands.result import Facts, Table, Text
from domain.operating.run import Outcome
from kernel.render import render

RUNS = Table(
    columns=("run", "exit", "took", "why"),
    rows=(("0192", 0, 1.5, "fine"), ("0193", None, 12.25, "no file\nsince Monday")),
)
RUN = Facts(
    title="cron:sample:work all: failed",
    facts={"exit code": 70, "covers": ("CR-009", "CR-010"), "holder": None, "consulted": ()},
    texts={"log": "one\ntwo"},
    tables=(Table(title="attempts", columns=("attempt",), rows=((1,),)),),
)


def lines(result: Table | Facts | Text, width: int | None = None) -> list[str]:
    return render(result, "text", width=width).splitlines()


def test_numbers_stand_right_and_words_left_also_where_one_is_missing() -> None:
    assert lines(RUNS) == [
        "run   exit   took  why",
        "----  ----  -----  --------------------",
        "0192     0    1.5  fine",
        "0193     -  12.25  no file since Monday",
    ]


def test_yes_and_no_are_words() -> None:
    table = Table(columns=("active",), rows=((True,), (False,)))

    assert lines(table)[2:] == ["yes", "no"]


def test_the_last_column_is_cut_to_the_terminal() -> None:
    cut = lines(RUNS, width=34)

    assert max(map(len, cut)) == 34
    assert cut[3] == "0193     -  12.25  no file since …"
    assert cut[2] == "0192     0    1.5  fine"


def test_a_terminal_too_narrow_for_the_other_columns_cuts_nothing() -> None:
    assert lines(RUNS, width=24)[3].endswith("no file since Monday")


def test_a_table_without_rows_says_so() -> None:
    assert lines(Table(columns=("run",), rows=(), empty="no runs yet", notes=("a note",))) == [
        "no runs yet",
        "a note",
    ]


def test_title_and_notes_stand_around_a_table() -> None:
    table = Table(title="units", columns=("unit",), rows=(("supplier 23",),), notes=("1 unit",))

    assert lines(table) == ["units", "unit", "-----------", "supplier 23", "1 unit"]


def test_facts_stand_under_each_other_with_tables_and_texts_below() -> None:
    assert lines(RUN) == [
        "cron:sample:work all: failed",
        "  exit code  70",
        "  covers     CR-009, CR-010",
        "  holder     -",
        "  consulted  -",
        "",
        "attempts",
        "attempt",
        "-------",
        "      1",
        "",
        "log:",
        "  one",
        "  two",
    ]


@pytest.mark.parametrize(
    ("name", "code"), [("green", 32), ("yellow", 33), ("magenta", 35), ("red", 31)]
)
def test_the_title_has_the_outcome_s_colour_on_demand(name: str, code: int) -> None:
    fact = Facts(title="failed", facts={}, colour=name)

    assert render(fact, "text", colour=True) == f"\033[{code}mfailed\033[0m"
    assert render(fact, "text") == "failed"
    assert render(Facts(title="plain", facts={}), "text", colour=True) == "plain"


def test_every_outcome_s_colour_can_be_shown() -> None:
    for outcome in Outcome:
        shown = render(Facts(title="x", facts={}, colour=outcome.colour), "text", colour=True)
        assert shown.startswith("\033[3")


@pytest.mark.parametrize(("width", "cut"), [(33, True), (32, False)])
def test_a_last_column_is_cut_while_twelve_characters_are_left(width: int, cut: bool) -> None:
    assert lines(RUNS, width=width)[3].endswith("…") is cut


def test_a_line_that_just_fits_is_whole() -> None:
    assert lines(RUNS, width=39)[3].endswith("no file since Monday")
    assert lines(RUNS, width=38)[3].endswith("no file since Mond…")


@pytest.mark.parametrize("sign", ["\x1b[2J", "\r", "\x07", "\x9b31m", "\u202e"])
def test_no_content_steers_the_terminal(sign: str) -> None:
    table = Table(columns=("key", "n"), rows=[(f"a{sign}b", 1)])
    facts = Facts(title="message", facts={"key": sign}, texts={"payload": sign}, tables=[table])

    shown = [render(one, "text") for one in (table, facts, Text(text=sign))]

    spelt = sign.encode("unicode_escape").decode()
    assert all(spelt in text and sign not in text for text in shown)
    assert f"a{spelt}b  1" in shown[0]


def test_text_is_printed_as_it_is() -> None:
    assert render(Text(text="a\n  b"), "text", width=2) == "a\n  b"


# --- for programs -------------------------------------------------------------------------------


def test_a_table_is_a_list_of_objects_and_never_cut() -> None:
    assert json.loads(render(RUNS, "json", width=10)) == [
        {"run": "0192", "exit": 0, "took": 1.5, "why": "fine"},
        {"run": "0193", "exit": None, "took": 12.25, "why": "no file\nsince Monday"},
    ]


def test_facts_are_one_object_with_their_tables_by_title() -> None:
    assert json.loads(render(RUN, "json")) == {
        "exit code": 70,
        "covers": ["CR-009", "CR-010"],
        "holder": None,
        "consulted": [],
        "log": "one\ntwo",
        "attempts": [{"attempt": 1}],
    }


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (Text(text="free", data={"fence": 3}), {"fence": 3}),
        (Text(text="said only"), {"text": "said only"}),
    ],
)
def test_text_is_its_data_or_itself(text: Text, data: dict[str, object]) -> None:
    assert json.loads(render(text, "json")) == data


def test_an_empty_table_is_an_empty_list() -> None:
    assert json.loads(render(Table(columns=("run",), rows=()), "json")) == []


def test_umlauts_stay_readable() -> None:
    assert "Müller" in render(Text(text="Müller"), "json")
