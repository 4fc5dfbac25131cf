"""What config:check looks at: every file of config/, the environment, the secrets behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from domain.errors import ConfigurationInvalid
from domain.operating.findings import ERROR, WARNING, Finding
from domain.operating.lock_store import LockStore
from infra.alerts.settings import owners_of, route_faults
from infra.boot import ENVIRONMENTS, boot, read_toml, root_folder
from infra.doctor.lines import place_of_fault
from infra.doctor.literals import config_files, literals
from infra.doctor.mounted import readable_by_others, referred
from infra.image_settings import image_settings
from infra.job_settings import check_jobs, job_section
from infra.mail.license_letters import license_letters
from infra.partner_settings import partner_settings
from infra.queue_settings import queue_settings
from infra.schedules import schedules
from infra.settings import checked
from infra.sql.address import address_of
from infra.sql.connection import Database
from kernel.contracts import contracts
from kernel.lock_stores import chosen


class Configuration:
    """The configuration of one environment; the other overlays are read as well."""

    def __init__(self, env: str) -> None:
        self._env, self._root = env, root_folder()

    def findings(self) -> Sequence[Finding]:
        """Give every fault at once, each once, errors first."""
        found = [*self._errors(), *self._literals(), *self._warnings()]
        return sorted(dict.fromkeys(found), key=lambda it: (it.level, it.file, it.line))

    def _errors(self) -> Iterator[Finding]:
        for env in (self._env, *(env for env in ENVIRONMENTS if env != self._env)):
            yield from self._faults(env, partial(checked, env, self._root))
        for check in self._checks():
            yield from self._faults(self._env, check)

    def _checks(self) -> Iterator[Callable[[], object]]:
        for path in config_files(self._root):
            yield partial(read_toml, path)
        yield self._understood
        yield partial(schedules, self._root)
        yield partial(queue_settings, self._root)
        yield partial(image_settings, self._root)
        yield partial(check_jobs, self._root)
        yield self._mail
        yield partial(license_letters, self._root)
        yield partial(partner_settings, self._root)
        yield self._channels

    def _faults(self, env: str, check: Callable[[], object]) -> Iterator[Finding]:
        for fault in faults_of(check):
            yield self._placed(env, fault)

    def _placed(self, env: str, fault: str) -> Finding:
        file, line = place_of_fault(self._root, env, fault)
        return _finding(ERROR, file, line, fault)

    def _understood(self) -> None:
        """Look behind the references, which only this environment's own host has."""
        if not faults_of(partial(checked, self._env, self._root)):  # else it is said already
            settings = boot(self._env)
            address_of(settings.database_url)
            store = chosen(settings, Database(settings.database_url))
            if store is LockStore.REDIS and not settings.redis_url:
                raise ConfigurationInvalid("config: locks.redis_url: empty, but the store is redis")

    def _mail(self) -> None:
        """Refuse mails that would reach nobody; a broken section is said already."""
        from infra.mail.settings import MailSection

        if not faults_of(partial(job_section, self._root, MailSection)):
            job_section(self._root, MailSection).check_sends(self._env)

    def _channels(self) -> None:
        faults = channel_faults(self._root, self._env)
        if faults:
            raise ConfigurationInvalid("; ".join(faults))

    def _literals(self) -> Iterator[Finding]:
        for spot in literals(self._root):
            advice = "write env:NAME, file:/path or secret:name; see docs/how-to/keep-secrets.md"
            yield _finding(ERROR, spot.file, spot.line, f"{spot.what} holds a credential: {advice}")

    def _warnings(self) -> Iterator[Finding]:
        try:
            settings = boot(self._env)
            found = referred(self._root, self._env)
            exposed = readable_by_others(found, settings.secrets_directory)
        except ConfigurationInvalid:
            return
        for path in exposed:
            yield _finding(WARNING, path, 1, "any user of this host may read it: chmod 0600")


def channel_faults(root: Path, env: str) -> Sequence[str]:
    """Tell what keeps an owner from being told; without any channel only in production."""
    return route_faults(root, owners_of(contracts().values()), required=env == "prod")


def _finding(level: str, file: str, line: int, message: str) -> Finding:
    return Finding(
        rule="configuration", level=level, subject=file, message=message, file=file, line=line
    )


def faults_of(check: Callable[[], object]) -> Sequence[str]:
    """Give what a check complains of, fault by fault."""
    try:
        check()
    except ConfigurationInvalid as error:
        return str(error).split("; ")
    return ()
