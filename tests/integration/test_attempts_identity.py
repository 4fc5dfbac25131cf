"""A process is told from every later one that gets its number."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from infra.process import identity

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_this_process_is_alive() -> None:
    assert identity.alive(identity.host(), os.getpid(), identity.token()) is True


def test_a_process_that_ended_is_dead() -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        token = identity.token(process.pid)
        before = identity.alive(identity.host(), process.pid, token)
        process.kill()

    assert before is True
    assert identity.alive(identity.host(), process.pid, token) is False


@linux
def test_a_zombie_is_dead() -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        token = identity.token(process.pid)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert identity.alive(identity.host(), process.pid, token) is False


def test_a_later_process_with_the_same_number_is_another_one() -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        its_token = identity.token()

        assert identity.alive(identity.host(), process.pid, its_token) is False
        process.kill()


def test_of_another_host_nothing_can_be_known() -> None:
    assert identity.alive("another-host", os.getpid(), identity.token()) is None


@linux
def test_after_a_reboot_every_process_of_before_is_dead() -> None:
    boot, rest = identity.token().split("/", 1)
    before = f"{boot[::-1]}/{rest}"

    assert identity.alive(identity.host(), os.getpid(), before) is False


@linux
def test_of_another_container_with_the_same_host_name_nothing_can_be_known() -> None:
    boot, _, started = identity.token().split("/")

    assert identity.alive(identity.host(), 1, f"{boot}/pid:[1]/{started}") is None


def test_a_process_that_does_not_exist_has_no_token() -> None:
    with pytest.raises(ProcessLookupError, match="no process"):
        identity.token(2**22 + 1)
