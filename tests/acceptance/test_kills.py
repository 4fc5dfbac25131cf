"""Whatever is killed whenever: the next run completes, and the ledger tells the truth."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from private_shop import IMPORT, Shop, children_of, family, gone_within, kill
from servers import KINDS, database

ONE = (IMPORT, "--supplier=1")

BEFORE = [(f"A-{number:05d}", number % 7, "10,00") for number in range(400)]
AFTER = [
    *((f"A-{number:05d}", number % 5, "10,50") for number in range(100, 400)),
    *((f"N-{number:05d}", 3, "99,00") for number in range(50)),
]


def shop_with_news(root: Path, *, rows: int = 1, url: str = "") -> Shop:
    """A shop that has imported one file and has another waiting."""
    root.mkdir(exist_ok=True)
    shop = Shop(root, url=url)
    shop.add_supplier(1)
    shop.deliver(1, BEFORE)
    first = shop.console(*ONE)
    assert first.returncode == 0, first.stderr
    shop.deliver(1, [(f"{article}-{n}", q, p) for article, q, p in AFTER for n in range(rows)])
    return shop


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    shop = shop_with_news(tmp_path_factory.mktemp("recorded") / "shop")
    names = shop.root / "checkpoints"
    process = shop.start_faulty(f"record:{names}", *ONE)
    assert process.communicate(timeout=60)[0], "no result"
    return names.read_text(encoding="utf-8").split()


def test_an_import_marks_every_step_at_which_it_may_die(checkpoints: list[str]) -> None:
    assert len(checkpoints) >= 6
    assert {"staged", "compared"} <= set(checkpoints)


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_checkpoint_the_next_run_ends_as_if_nothing_had_happened(
    checkpoints: list[str], tmp_path: Path, kind: str
) -> None:
    undisturbed = shop_with_news(tmp_path / "undisturbed")
    assert undisturbed.console(*ONE).returncode == 0
    expected = undisturbed.state()

    for number, name in enumerate(checkpoints, start=1):
        with database(kind) as url:
            shop = shop_with_news(tmp_path / f"killed-{number}", url=url)
            killed = shop.start_faulty(f"kill:{number}", *ONE)
            killed.communicate(timeout=60)
            assert killed.returncode == 70, name
            again = shop.console(*ONE)
            assert again.returncode == 0, (name, again.stderr)
            assert shop.state() == expected, name
            outcomes = [run["outcome"] for run in shop.runs()]
        assert outcomes[1:] == ["crashed", "succeeded"], name
        assert outcomes[0] in {"succeeded", "empty"}, name


def _victims(kind: str, parent: int) -> list[int]:
    wardens = children_of(parent)
    jobs = [child for warden in wardens for child in children_of(warden)]
    return {"parent": [parent], "child": jobs or wardens, "both": [parent, *jobs]}[kind]


@pytest.mark.timeout(280)
def test_fifty_kills_at_random_moments_leave_no_orphan_and_no_lie(tmp_path: Path) -> None:
    undisturbed = shop_with_news(tmp_path / "undisturbed", rows=60)
    began = time.monotonic()
    assert undisturbed.console(*ONE).returncode == 0
    whole = time.monotonic() - began
    expected = undisturbed.state()
    shop = shop_with_news(tmp_path / "shop", rows=60)
    dice = random.Random(20261121)  # noqa: S311 - a repeatable schedule of kills, not a secret

    for number in range(50):
        process = shop.start(*ONE, *(["--update-anyway"] if number % 2 else []))
        time.sleep(dice.uniform(0, whole * 1.1))
        kill(_victims(("parent", "child", "both")[number % 3], process.pid))
        process.communicate(timeout=60)
        assert gone_within(shop, 5) == set(), f"orphans after kill {number}"

    final = shop.console(*ONE)
    assert final.returncode == 0, final.stderr
    assert shop.state()["stock"] == expected["stock"]
    assert shop.state()["files"] == expected["files"]
    outcomes = [run["outcome"] for run in shop.runs()]
    assert "running" not in outcomes
    assert outcomes.count("crashed") >= 10, outcomes
    assert {*outcomes} <= {"succeeded", "empty", "crashed"}


def test_a_killed_supervisor_takes_its_job_along_and_is_told_as_crashed(tmp_path: Path) -> None:
    shop = shop_with_news(tmp_path / "shop")
    process = shop.start_faulty("hang:2", *ONE)
    assert process.stderr
    for line in process.stderr:
        if "hangs at" in line:
            break
    assert len(family(shop)) >= 2
    assert shop.runs()[0]["outcome"] == "running"

    kill([process.pid])
    process.communicate(timeout=60)

    assert gone_within(shop, 5) == set()
    newest = shop.runs()[0]
    assert newest["outcome"] == "crashed"
    assert "killed" in newest["why"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
def test_a_stop_rolls_back_and_says_so(tmp_path: Path, number: int, code: int) -> None:
    shop = shop_with_news(tmp_path / "shop")
    before = shop.state()
    process = shop.start_faulty("hang:3", *ONE)
    assert process.stderr
    for line in process.stderr:
        if "hangs at" in line:
            break

    process.send_signal(number)
    time.sleep(0.3)
    process.send_signal(number)
    process.communicate(timeout=60)

    assert process.returncode == code
    assert gone_within(shop, 5) == set()
    assert shop.state() == before
    assert shop.runs()[0]["outcome"] == "interrupted"
    assert shop.console(*ONE).returncode == 0
