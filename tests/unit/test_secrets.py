"""Secrets by reference: read where they stand, shown to nobody."""

from __future__ import annotations

import base64
import json
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigurationInvalid
from infra import secrets
from infra.secrets import (
    HIDDEN,
    LONGEST_BYTES,
    Secret,
    conceal,
    filled,
    open_to_others,
    place_of,
    references,
    resolve,
    scrub,
    scrubbed,
    secrets_directory,
    tell_of_secrets,
    without_password,
)

WORD = 'kä:n"a/r+i %s\\e&n'


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", {})
    monkeypatch.setattr(secrets, "_patterns", [])
    monkeypatch.setattr(secrets, "_listeners", [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    (folder / "smtp").mkdir(parents=True)
    (folder / "smtp" / "password").write_text(f"{WORD}\n", "utf-8")
    return folder


# --- references ---------------------------------------------------------------------------------


def test_a_variable_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_WORD", WORD)

    assert resolve("env:SMTP_WORD", folder).reveal() == WORD


def test_a_name_is_a_file_below_the_secrets_directory(folder: Path) -> None:
    assert resolve("secret:smtp/password", folder).reveal() == WORD


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_mounted_file_is_read_less_its_line_end(folder: Path, end: str) -> None:
    (folder / "key").write_bytes(f" {WORD}\n{end}".encode())

    assert resolve(f"file:{folder}/key", folder).reveal() == f" {WORD}" + ("\n" if end else "")


def test_the_links_of_a_kubernetes_mount_are_followed(folder: Path) -> None:
    (folder / "..data").symlink_to("smtp")
    (folder / "password").symlink_to("..data/password")

    assert resolve("secret:password", folder).reveal() == WORD


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("env:NOWHERE", "env:NOWHERE is not set"),
        ("env:EMPTY", "env:EMPTY is not set"),
        ("env:SHORT", "env:SHORT holds fewer than 4"),
        ("secret:smtp/none", "smtp/none cannot be read: No such file"),
        ("secret:smtp", "smtp cannot be read: Is a directory"),
        ("secret:pipe", "pipe is not a regular file"),
        ("secret:../secrets/smtp/password", "is no name below"),
        ("secret:/etc/passwd", "is no name below"),
        ("secret:a//b", "is no name below"),
        ("secret:link", "leads out of"),
        ("secret:long", f"is longer than {LONGEST_BYTES} bytes"),
        ("secret:latin", "is not UTF-8 text"),
        ("secret:empty", "is empty"),
        ("file:smtp/password", "is no absolute path"),
        ("file:/nowhere/at/all", "/nowhere/at/all cannot be read: No such file"),
    ],
)
def test_what_cannot_be_read_is_named(
    folder: Path, reference: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORT", "abc")
    monkeypatch.setenv("EMPTY", "")
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "long").write_bytes(b"x" * (LONGEST_BYTES + 1))
    (folder / "latin").write_bytes(b"p\xe4ssword")
    (folder / "empty").write_bytes(b"\n")

    with pytest.raises(ConfigurationInvalid, match=re.escape(named)) as refused:
        resolve(reference, folder)

    assert "ssword" not in str(refused.value.__cause__)


@pytest.mark.parametrize("text", ["hunter22", "ENV:NAME", "env:", "vault:x", ""])
def test_a_password_in_place_of_its_reference_is_refused_and_not_repeated(
    folder: Path, text: str
) -> None:
    with pytest.raises(ConfigurationInvalid, match="write env:NAME") as refused:
        resolve(text, folder)

    assert text == "" or text not in str(refused.value).replace("env:NAME", "")


def test_references_in_an_address_are_filled_encoded(folder: Path) -> None:
    address = "redis://:{secret:smtp/password}@cache/0"

    assert references(address) == ("secret:smtp/password",)
    assert filled(address, folder).reveal() == f"redis://:{quote(WORD, safe='')}@cache/0"


def test_an_address_without_references_stays_as_it_is(folder: Path) -> None:
    assert references("redis://cache/{0}") == ()
    assert filled("redis://cache/{0}", folder).reveal() == "redis://cache/{0}"


def test_the_directory_is_the_setting_s_else_systemd_s_else_the_custom_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert secrets_directory("", tmp_path) == Path("/run/secrets")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x.service")
    assert secrets_directory("", tmp_path) == Path("/run/credentials/x.service")
    assert secrets_directory("var/secrets", tmp_path) == tmp_path / "var/secrets"


@pytest.mark.parametrize(("mode", "is_open"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_file_that_others_may_read_is_known(folder: Path, mode: int, is_open: bool) -> None:
    path = place_of("secret:smtp/password", folder)
    assert path
    path.chmod(mode)

    assert open_to_others(path) is is_open
    assert place_of("env:NAME", folder) is None


# --- what a secret shows ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "show",
    [str, repr, "{}".format, "{:>30}".format, "{!r}".format, lambda s: f"{[s]} { ({'a': s}) }"],
)
def test_a_secret_shows_itself_in_no_text(show: Callable[[Secret], str]) -> None:
    shown = show(Secret("hunter22"))

    assert HIDDEN in shown
    assert "hunter" not in shown


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, hash])
def test_a_secret_cannot_be_written_or_become_a_key(write: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError):
        write(Secret("hunter22"))


def test_a_secret_is_equal_to_one_of_its_value_and_to_no_text() -> None:
    assert Secret("hunter22") == Secret("hunter22")
    assert Secret("hunter22") != Secret("hunter23")
    assert Secret("hunter22") != "hunter22"
    assert not Secret("")


# --- what is scrubbed ---------------------------------------------------------------------------

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a path": quote,
    "in user info": lambda value: quote(value, safe=""),
    "in a query": quote_plus,
    "lower escapes": lambda value: re.sub("%..", lambda e: e[0].lower(), quote(value)),
    "in JSON": json.dumps,
    "in JSON's UTF-8": lambda value: json.dumps(value, ensure_ascii=False),
    "in repr": repr,
    "in base64": lambda value: base64.b64encode(value.encode()).decode(),
    "in base64 for addresses": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "in a Basic header": lambda value: base64.b64encode(f"cron:{value}".encode()).decode(),
    "amid base64": lambda value: base64.b64encode(f"user:{value}@host".encode()).decode(),
    "in hexadecimals": lambda value: value.encode().hex(),
}
secret_words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=6, max_size=30)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_known_value_is_replaced_in_every_form(form: Callable[[str], str]) -> None:
    Secret(WORD)

    text = scrub(f"before {form(WORD)} after")

    assert HIDDEN in text
    assert form(WORD).strip("'\"=") not in text


@given(secret_words, secret_words, secret_words)
def test_whatever_stands_around_it_no_form_gets_through(word: str, head: str, tail: str) -> None:
    conceal(word)

    for form in FORMS.values():
        text = f"{head}{form(word)}{tail}"
        assert form(word).strip("'\"=") not in scrub(text)


def test_a_text_without_secrets_stays_as_it_is() -> None:
    assert scrub("nothing known") == "nothing known"
    Secret("hunter22")

    assert scrub("hunters 22") == "hunters 22"


def test_of_two_values_the_longer_one_goes_whole() -> None:
    conceal("hunter")
    conceal("hunter22")

    assert scrub("hunter22 hunter") == f"{HIDDEN} {HIDDEN}"


def test_a_value_of_three_characters_is_left_alone() -> None:
    conceal("abc")

    assert scrub("abcdef") == "abcdef"


def test_the_password_of_an_address_is_a_secret_too() -> None:
    conceal("postgresql://shop:p%40ss-word@db/shop")

    assert scrub("role p@ss-word, p%40ss-word; db") == f"role {HIDDEN}, {HIDDEN}; db"


def test_an_address_with_references_hides_them_and_shows_its_host(folder: Path) -> None:
    address = filled("redis://cron:{secret:smtp/password}@cache/0", folder)

    assert f"{address} {address!r}" == f"redis://cron:{HIDDEN}@cache/0 Secret({HIDDEN})"
    assert scrub(f"{WORD} at redis://cache/0") == f"{HIDDEN} at redis://cache/0"


def test_a_whole_address_by_reference_is_a_secret_with_its_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", "https://hooks.example/services/T0/B0/x7")

    assert filled("env:HOOK", folder).reveal() == "https://hooks.example/services/T0/B0/x7"
    assert scrub("POST /services/T0/B0/x7 at hooks.example") == f"POST /{HIDDEN} at hooks.example"


def test_whoever_listens_hears_of_each_new_secret_once() -> None:
    heard: list[str] = []
    tell_of_secrets(heard.append)

    Secret("hunter22")
    Secret("hunter22")
    conceal("abc")

    assert heard == ["hunter22"]


def test_each_line_of_a_key_is_a_secret() -> None:
    Secret("-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END KEY-----")

    assert (
        scrub("-----BEGIN KEY-----\n| MIIEvQIBADANBgkqhkiG") == f"-----BEGIN KEY-----\n| {HIDDEN}"
    )


def test_nested_values_are_scrubbed_and_numbers_stay() -> None:
    conceal("hunter22")

    assert scrubbed({"a": ["hunter22", 7, ("x", None)], "b": {"c": "an hunter22"}}) == {
        "a": [HIDDEN, 7, ["x", None]],
        "b": {"c": f"an {HIDDEN}"},
    }


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://cron:hunter22@gate:9091/x", f"http://cron:{HIDDEN}@gate:9091/x"),
        ("mariadb://shop:h@nter22@db/shop", f"mariadb://shop:{HIDDEN}@db/shop"),
        ("redis://:hunter22@cache/0", f"redis://:{HIDDEN}@cache/0"),
        ("http://gate:9091/x@y", "http://gate:9091/x@y"),
        ("sqlite:///var/a.db", "sqlite:///var/a.db"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_password(address) == shown
