"""Partners behind a web address."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from domain.transfers.failures import LoginRefused, PartnerRefused, QuotaReached, TransferBroken
from domain.transfers.sending import send
from fakes.supplier_import import FakeRun
from partner_sets import LARGE, SET, shown
from partner_web import WebDisk, web_host


def test_a_set_is_put_file_by_file_with_the_manifest_last(tmp_path: Path) -> None:
    with web_host(WebDisk(tmp_path / "files")) as host:
        send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert shown(host) == {file.name: file.size_bytes for file in SET}
        assert (host.folder / "large.csv").read_bytes() == LARGE


@pytest.mark.parametrize("without", [(), ("RANGE",)])
def test_a_cut_answer_is_continued_or_skipped_to_the_place(
    tmp_path: Path, without: tuple[str, ...]
) -> None:
    with web_host(WebDisk(tmp_path / "files", without=without, cuts=1)) as host:
        (host.folder / "a").write_bytes(LARGE)
        into = io.BytesIO()

        with host.reached(tmp_path) as folder:
            with pytest.raises(TransferBroken):
                folder.get("a", into)
            begun = into.tell()
            folder.get("a", into, offset=begun)

        assert 0 < begun < len(LARGE)
        assert into.getvalue() == LARGE


def test_what_head_is_not_known_for_may_still_be_fetched(tmp_path: Path) -> None:
    with web_host(WebDisk(tmp_path / "files", without=("HEAD",))) as host:
        (host.folder / "a").write_bytes(b"a")

        with host.reached(tmp_path) as folder:
            assert [(it.size_bytes, it.modified) for it in folder.files()] == [(None, None)] * 3
            assert folder.size("a") is None


def test_a_wrong_password_is_a_refused_login(tmp_path: Path) -> None:
    with web_host(WebDisk(tmp_path / "files")) as host:
        host.secrets = {"mak/password": "mistyped"}

        with pytest.raises(LoginRefused, match="401"):
            send(host.partners(tmp_path), "mak", SET, FakeRun())


@pytest.mark.parametrize(
    ("disk", "error"),
    [({"most_bytes": 1000}, QuotaReached), ({"without": ("PUT",)}, PartnerRefused)],
)
def test_what_is_not_taken_is_said(
    tmp_path: Path, disk: dict[str, object], error: type[PartnerRefused]
) -> None:
    with web_host(WebDisk(tmp_path / "files", **disk)) as host:  # type: ignore[arg-type]
        with pytest.raises(error):
            send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert shown(host) == {}


def test_a_file_that_was_put_can_be_neither_renamed_nor_continued(tmp_path: Path) -> None:
    with (
        web_host(WebDisk(tmp_path / "files")) as host,
        host.reached(tmp_path) as folder,
    ):
        with pytest.raises(PartnerRefused, match="renames nothing"):
            folder.rename("a", "b")
        with pytest.raises(PartnerRefused, match="half files"):
            folder.put("a", io.BytesIO(b"a"), offset=1)
