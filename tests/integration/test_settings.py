"""The two readers of the settings agree: the light one before the lock, the typed one after it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigurationInvalid
from infra import secrets
from infra.boot import ENVIRONMENTS, KEYS, absolute_url, boot, root_folder
from infra.secrets import HIDDEN, scrub
from infra.settings import Settings, load

APP = """\
[database]
url = "sqlite:///var/app.db"
[state]
directory = "var"
[locks]
store = "auto"
redis_url = ""
[cron]
running = true
memory_limit_bytes = 0
[imports]
directory = "var/import"
[images]
inbox = "var/images/inbox"
source = "var/images/source"
media = "var/images/media"
[metrics]
textfile_directory = "var/metrics"
pushgateway_url = "http://gateway:9091"
[slots]
start_grace_seconds = 900
[secrets]
directory = "secrets"
"""

Seen = dict[str, Any]
Reader = Callable[[Path], Seen]


def by_boot(root: Path) -> Seen:
    read = boot("test", root)
    return {
        "url": read.database_url,
        "state": read.state,
        "locks": (read.lock_store, read.redis_url),
        "running": read.running,
        "memory": read.memory_limit_bytes or 0,
        "grace": read.start_grace_seconds,
        "metrics": read.textfile_directory,
        "gateway": read.pushgateway_url,
    }


def by_settings(root: Path) -> Seen:
    read = load("test", root)
    return {
        "url": read.database.url,
        "state": read.root / read.state.directory,
        "locks": (read.locks.store, read.locks.redis_url),
        "running": read.cron.running,
        "memory": read.cron.memory_limit_bytes,
        "grace": read.slots.start_grace_seconds,
        "metrics": _folder(read),
        "gateway": read.metrics.pushgateway_url,
    }


def _folder(read: Settings) -> Path | None:
    name = read.metrics.textfile_directory
    return read.root / name if name else None


both = pytest.mark.parametrize("read", [by_boot, by_settings], ids=["boot", "settings"])


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", {})
    monkeypatch.setattr(secrets, "_patterns", [])
    for name in list(os.environ):
        if name.startswith(("CRONTRACT_", "DATABASE_URL")):
            monkeypatch.delenv(name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def write(root: Path, app: str = APP, overlay: str = "") -> None:
    (root / "config" / "env").mkdir(parents=True, exist_ok=True)
    (root / "config" / "app.toml").write_text(app)
    for env in ENVIRONMENTS:
        (root / "config" / "env" / f"{env}.toml").write_text(overlay if env == "test" else "")


def changed(before: str, after: str) -> str:
    assert before in APP
    return APP.replace(before, after)


# --- what is read -------------------------------------------------------------------------------


def test_both_readers_know_the_same_keys() -> None:
    sections = {
        name: field.annotation for name, field in Settings.model_fields.items() if name in KEYS
    }

    assert set(Settings.model_fields) - {"root", "env"} == set(KEYS)
    assert {name: set(section.model_fields) for name, section in sections.items() if section} == {
        name: set(keys) for name, keys in KEYS.items()
    }


@both
def test_the_files_are_read(root: Path, read: Reader) -> None:
    assert read(root) == {
        "url": f"sqlite:///{root}/var/app.db",
        "state": root / "var",
        "locks": ("auto", ""),
        "running": True,
        "memory": 0,
        "grace": 900,
        "metrics": root / "var/metrics",
        "gateway": "http://gateway:9091",
    }


def test_both_read_the_project_s_own_files_alike() -> None:
    own = root_folder()

    assert by_boot(own) == by_settings(own)


@both
def test_the_overlay_wins_over_the_file(root: Path, read: Reader) -> None:
    write(root, overlay='[cron]\nrunning = false\n[state]\ndirectory = "state"')

    seen = read(root)

    assert (seen["running"], seen["state"], seen["grace"]) == (False, root / "state", 900)


@both
def test_a_variable_wins_over_the_overlay(
    root: Path, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, overlay='[database]\nurl = "sqlite:///overlay.db"')
    monkeypatch.setenv("CRONTRACT_DATABASE__URL", "sqlite:///variable.db")
    monkeypatch.setenv("CRONTRACT_CRON__RUNNING", "false")
    monkeypatch.setenv("CRONTRACT_CRON__MEMORY_LIMIT_BYTES", "4096")

    seen = read(root)

    assert seen["url"] == f"sqlite:///{root}/variable.db"
    assert (seen["running"], seen["memory"]) == (False, 4096)


@both
def test_database_url_wins_over_all(
    root: Path, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONTRACT_DATABASE__URL", "sqlite:///variable.db")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////srv/shop.db")

    assert read(root)["url"] == "sqlite:////srv/shop.db"


@both
def test_an_empty_database_url_says_nothing(
    root: Path, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "")

    assert read(root)["url"] == f"sqlite:///{root}/var/app.db"


@both
def test_a_variable_alone_is_enough(
    root: Path, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, changed('url = "sqlite:///var/app.db"', ""))
    monkeypatch.setenv("DATABASE_URL", "sqlite:///only.db")
    monkeypatch.setenv("CRONTRACT_SLOTS__START_GRACE_SECONDS", "60")

    assert (read(root)["url"], read(root)["grace"]) == (f"sqlite:///{root}/only.db", 60)


@both
def test_no_folder_for_metrics_is_a_choice(
    root: Path, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONTRACT_METRICS__TEXTFILE_DIRECTORY", "")
    monkeypatch.setenv("CRONTRACT_SLOTS__START_GRACE_SECONDS", "0.5")

    assert (read(root)["metrics"], read(root)["grace"]) == (None, 0.5)


@both
@pytest.mark.parametrize(
    ("word", "running"),
    [("1", True), ("Yes", True), ("on", True), ("t", True), ("0", False), ("OFF", False)],
)
def test_the_switch_understands_the_same_words(
    root: Path, read: Reader, word: str, running: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONTRACT_CRON__RUNNING", word)

    assert read(root)["running"] is running


# --- from mounted files -------------------------------------------------------------------------

mounted = pytest.mark.parametrize("name", ["DATABASE_URL", "CRONTRACT_DATABASE__URL"])


@both
@mounted
def test_a_variable_may_name_a_file_that_holds_the_value(
    root: Path, read: Reader, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "url").write_text("postgresql://shop:hunter22@db/shop\n")
    monkeypatch.setenv(f"{name}_FILE", str(root / "url"))

    assert read(root)["url"] == "postgresql://shop:hunter22@db/shop"
    assert scrub("hunter22") == HIDDEN


@both
@mounted
def test_a_value_and_its_file_together_are_refused(
    root: Path, read: Reader, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{name}_FILE", str(root / "url"))
    monkeypatch.setenv(name, "sqlite:///a.db")

    with pytest.raises(ConfigurationInvalid, match=f"{name} and {name}_FILE are both set"):
        read(root)


@both
def test_a_file_that_is_not_there_is_named_with_its_variable(
    root: Path, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONTRACT_CRON__RUNNING_FILE", "/nowhere")

    with pytest.raises(ConfigurationInvalid, match="CRON__RUNNING_FILE: secret /nowhere cannot"):
        read(root)


@both
@pytest.mark.parametrize(
    ("url", "read_as"),
    [
        ("secret:db/url", "postgresql://shop:word@db/shop"),
        ("postgresql://shop:{secret:db/word}@db/shop", "postgresql://shop:p%40ss@db/shop"),
    ],
)
def test_the_database_s_address_may_hold_references(
    root: Path, read: Reader, url: str, read_as: str
) -> None:
    (root / "secrets" / "db").mkdir(parents=True)
    (root / "secrets" / "db" / "url").write_text("postgresql://shop:word@db/shop")
    (root / "secrets" / "db" / "word").write_text("p@ss")
    write(root, overlay=f'[database]\nurl = "{url}"')

    assert read(root)["url"] == read_as


def test_no_reader_shows_the_database_s_password(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://shop:hunter22@db/shop")

    assert "hunter22" not in f"{boot('test', root)!r} {load('test', root)!r}"
    assert scrub("role shop, password hunter22") == f"role shop, password {HIDDEN}"


# --- where paths start --------------------------------------------------------------------------


@both
def test_a_relative_database_starts_at_the_project_s_folder_and_not_at_the_caller_s(
    root: Path, read: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    assert read(root)["url"] == f"sqlite:///{root}/var/app.db"


@pytest.mark.parametrize(
    "url", ["sqlite:////srv/shop.db", "postgresql://shop@db/shop", "sqlite://"]
)
def test_an_address_without_a_relative_path_stays_as_it_is(url: str) -> None:
    assert absolute_url(url, Path("/project")) == url


def test_the_project_s_folder_is_the_one_named_however_it_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root.parent)
    monkeypatch.setenv("CRONTRACT_HOME", root.name)

    assert root_folder() == root.resolve()


def test_the_project_s_folder_is_else_the_checkout() -> None:
    assert (root_folder() / "src" / "infra" / "boot.py").is_file()


# --- what is refused ----------------------------------------------------------------------------


@both
def test_every_unknown_key_and_section_is_named_at_once(root: Path, read: Reader) -> None:
    write(root, APP + "[shops]\nname = 1\n", overlay="[cron]\nrunnning = true\n[state]\nfolder = 1")

    with pytest.raises(ConfigurationInvalid) as refused:
        read(root)

    for named in ("shops", "cron.runnning", "state.folder"):
        assert named in str(refused.value)


@both
@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("running = true", 'running = "flase"', "cron.running"),
        ("running = true", "running = 2", "cron.running"),
        ("memory_limit_bytes = 0", "memory_limit_bytes = -1", "cron.memory_limit_bytes"),
        ("seconds = 900", "seconds = 0", "slots.start_grace_seconds"),
        ("seconds = 900", "seconds = -5", "slots.start_grace_seconds"),
        ("seconds = 900", "seconds = nan", "slots.start_grace_seconds"),
        ("seconds = 900", "seconds = inf", "slots.start_grace_seconds"),
        ("seconds = 900", 'seconds = "soon"', "slots.start_grace_seconds"),
        ('directory = "var"', "", "state.directory"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_its_name(
    root: Path, read: Reader, before: str, after: str, named: str
) -> None:
    write(root, changed(before, after))

    with pytest.raises(ConfigurationInvalid, match=named):
        read(root)


def test_the_typed_reader_names_all_faults_of_all_kinds_at_once(root: Path) -> None:
    app = changed("running = true", "running = 7").replace("900", "0") + "[shops]\n"
    write(root, app)

    with pytest.raises(ConfigurationInvalid) as refused:
        load("test", root)

    for named in ("cron.running", "slots.start_grace_seconds", "unknown key shops"):
        assert named in str(refused.value)


def make_missing(path: Path) -> None:
    path.unlink()


def make_broken(path: Path) -> None:
    path.write_text("[cron\nrunning")


def make_latin(path: Path) -> None:
    path.write_bytes("# Aufträge\n".encode("latin-1"))


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_flat(path: Path) -> None:
    path.write_text("running = true")


@both
@pytest.mark.parametrize("name", ["app.toml", "env/test.toml"])
@pytest.mark.parametrize("spoil", [make_missing, make_broken, make_latin, make_folder, make_flat])
def test_a_file_that_cannot_be_understood_is_named(
    root: Path, read: Reader, name: str, spoil: Callable[[Path], None]
) -> None:
    path = root / "config" / name
    spoil(path)

    with pytest.raises(ConfigurationInvalid) as refused:
        read(root)

    assert str(path) in str(refused.value)


def test_an_unknown_environment_is_refused_with_those_that_exist(root: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="choose one of dev, test, prod"):
        boot("production", root)
    with pytest.raises(ConfigurationInvalid, match=r"production\.toml is missing"):
        load("production", root)


@pytest.mark.parametrize("address", ["gateway:9091", "file:///etc/passwd", "http://"])
def test_a_gateway_that_is_no_web_address_is_refused_before_a_run_misses_it(
    root: Path, address: str
) -> None:
    write(root, app=APP.replace("http://gateway:9091", address))

    with pytest.raises(ConfigurationInvalid, match=r"pushgateway_url: .*like http://gateway:9091"):
        load("test", root)
