"""What every tracked file must hold to."""

from __future__ import annotations

import re

import pytest

from architecture.tree import ROOT, own_texts, tracked

# Put together at run time, so that this file does not hold what it looks for.
REGISTRY_HOSTS = [
    ".".join(words)
    for words in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("proxy", "golang", "org"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("download", "pytorch", "org"),
        ("index", "crates", "io"),
        ("ghcr", "io"),
        ("registry-1", "docker", "io"),
    )
]
DOWNLOADS = [
    re.compile("https?:" + r"//\S+/(simple|packages|releases/download)(/|\b)"),
    re.compile(r"^\s*-{1,2}(i|index-url|extra-index-url|find-links|trusted-host)\b", re.MULTILINE),
    re.compile("https?:" + r"//\S+\.(whl|tar\.gz|tgz|zip|deb|rpm)\b"),
]


def addresses(text: str) -> list[str]:
    """Registry hosts and download addresses in the text."""
    hosts = [host for host in REGISTRY_HOSTS if host in text]
    return hosts + [found.group() for pattern in DOWNLOADS for found in pattern.finditer(text)]


@pytest.mark.parametrize(
    "planted",
    [
        "see " + REGISTRY_HOSTS[0],
        "https:" + "//mirror.example/simple/",
        "--" + "index-url http:" + "//mirror.example",
        "https:" + "//shop.example/crontract-1.0.tar.gz",
    ],
)
def test_an_address_to_download_from_is_seen(planted: str) -> None:
    assert addresses(planted)


def test_no_tracked_file_names_a_registry_or_a_download() -> None:
    assert {name: found for name, text in own_texts() if (found := addresses(text))} == {}


def test_lock_files_full_of_addresses_are_never_tracked() -> None:
    assert {"uv.lock", "pylock.toml"}.isdisjoint(tracked())


def test_every_text_ends_with_one_line_end_and_has_no_trailing_blanks() -> None:
    texts = [(name, text) for name, text in own_texts() if text]

    assert [name for name, text in texts if not re.search(r"[^\n]\n\Z", text)] == []
    assert [name for name, text in texts if re.search(r"[ \t]+$", text, re.MULTILINE)] == []


@pytest.mark.parametrize(("name", "most"), [("README.md", 120), ("CONTRIBUTING.md", 80)])
def test_what_newcomers_read_first_stays_short(name: str, most: int) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()

    assert 10 < len(lines) <= most


def test_everything_in_bin_and_ci_can_be_started() -> None:
    scripts = [ROOT / name for name in tracked() if name.startswith(("bin/", ".ci/"))]

    assert len(scripts) >= 4
    assert [path.name for path in scripts if not path.stat().st_mode & 0o100] == []
