"""What doctor looks at, wired: each check with what to do where it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any

from domain.errors import ConfigurationInvalid, SecretMissing
from domain.operating.checkup import Check, Seen, ok, skipped, warn, wrong
from domain.operating.lock_store import LockStore
from infra.alerts.settings import routes
from infra.boot import Boot, boot, root_folder, source_folder
from infra.doctor import database, host, mounted, network, queues
from infra.queue_settings import queue_settings
from infra.schedules import DeclaredSchedule, schedules
from infra.sql.connection import Database
from kernel.lock_stores import chosen, open_store

SETTINGS, DATABASE = "settings", "database"
"""Checks that others rest on."""

_START = "Start the server, or correct {}"


class SettingsUnread(ConfigurationInvalid):
    """No check can begin that needs a setting."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class Checkup:
    """Gives the checks of one environment; settings that do not load fail what needs them."""

    def __init__(self, env: str) -> None:
        self._env = env

    def checks(self) -> tuple[Check, ...]:
        return (
            _check("python", host.python, "Install Python 3.11 or newer and run bin/setup"),
            _check("settings", self._load, self._correct),
            *self._storage(),
            _check("folders", self._folders, "Make room, or give this user the folder", SETTINGS),
            _check("schedules", self._schedules, "Correct config/schedules.toml"),
            _check("zones", self._zones, "Install the system's tzdata package"),
            _check("gateway", self._gateway, _START.format("metrics.pushgateway_url"), SETTINGS),
            _check("channels", self._routes, self._correct),
            *self._channels(),
            *self._partners(),
            _check("supervisor", self._supervisor, "Run on Linux; elsewhere only to develop"),
            _check(
                "bytecode", lambda: host.bytecode(source_folder()), "Run bin/setup as its owner"
            ),
        )

    @property
    def _correct(self) -> str:
        """Name the command that tells more of the same environment."""
        return f"Correct the file named: bin/console config:check --env={self._env}"

    def _storage(self) -> Iterator[Check]:
        yield _check("secrets", self._secrets, self._correct, SETTINGS)
        yield _check("database", self._database, _START.format("DATABASE_URL"), SETTINGS)
        first = "Look at the database: bin/console doctor --only=database"
        yield _check("migrations", self._migrations, first, DATABASE)
        yield _check("clock", self._clock, first, DATABASE)
        yield _check(
            "locks", self._locks, "Correct what it says: docs/explanation/locks.md", DATABASE
        )
        yield _check(
            "queues", self._queues, "Correct config/queues.toml: bin/console config:check", DATABASE
        )
        yield _check("redis", self._redis, _START.format("locks.redis_url"), SETTINGS)

    @cached_property
    def _boot(self) -> Boot:
        try:
            return boot(self._env)
        except SecretMissing:
            raise
        except ConfigurationInvalid as error:
            raise SettingsUnread(str(error), self._correct) from error

    def _load(self) -> Seen:
        from infra.settings import load

        load(self._env)
        return ok(f"{self._env}, {self._boot.root / 'config'}")

    def _secrets(self) -> Seen:
        return mounted.mounted(self._boot.root, self._env, self._boot.secrets_directory)

    def _database(self) -> Seen:
        return database.reachable(self._boot.database_url)

    def _migrations(self) -> Seen:
        return database.migrated(self._boot.database_url)

    def _clock(self) -> Seen:
        return database.clock(self._boot.database_url)

    def _locks(self) -> Seen:
        connection = Database(self._boot.database_url)
        store = open_store(self._boot, connection)
        try:
            return database.locks(store.kind, store.locks, on_server=connection.address.is_server)
        finally:
            store.close()

    def _queues(self) -> Seen:
        return queues.queues(self._boot.database_url, queue_settings(self._boot.root))

    def _redis(self) -> Seen:
        if chosen(self._boot, Database(self._boot.database_url)) is not LockStore.REDIS:
            return skipped("the lock store is another one")
        return network.redis(self._boot.redis_url, self._boot.secrets_directory)

    def _folders(self) -> Seen:
        metrics = self._boot.textfile_directory
        wanted = [("state", self._boot.state), ("imports", self._boot.import_directory)]
        wanted += [(f"images.{name}", at) for name, at in self._boot.image_directories.items()]
        return host.folders(wanted + ([("metrics", metrics)] if metrics else []))

    def _declared(self) -> tuple[DeclaredSchedule, ...]:
        return schedules(root_folder())

    def _schedules(self) -> Seen:
        declared = self._declared()
        suspended = sum(schedule.suspended for schedule in declared)
        return ok(f"{len(declared)} declared, {suspended} of them suspended")

    def _zones(self) -> Seen:
        return host.zones([schedule.zone for schedule in self._declared()])

    def _gateway(self) -> Seen:
        return network.ready(self._boot.pushgateway_url, self._boot.secrets_directory)

    def _supervisor(self) -> Seen:
        return host.supervision(self._boot.memory_limit_bytes)

    def _routes(self) -> Seen:
        """Look whether each owner has a channel; without one the jobs run all the same."""
        from kernel.configuration import channel_faults

        declared = len(routes(root_folder()).channels)
        faults = channel_faults(root_folder(), self._env)
        if faults:
            return warn("; ".join(faults))
        return ok(f"{declared} declared") if declared else skipped("none is declared")

    def _channels(self) -> list[Check]:
        """One check per alert channel, so that one that hangs does not hide the next."""
        try:
            channels = routes(root_folder()).channels
        except ConfigurationInvalid:  # said by the check of them all
            return []
        return [self._channel(name, values) for name, values in channels.items()]

    def _channel(self, name: str, values: Mapping[str, Any]) -> Check:
        def look() -> Seen:
            return network.REACH[values["kind"]](values, self._boot.secrets_directory)

        return _check(f"channel {name}", look, _START.format("config/alerts.toml"), SETTINGS)

    def _partners(self) -> list[Check]:
        """One check per partner, as for channels."""
        from infra.doctor.partners import reachable
        from infra.partner_settings import PartnerSetting, partner_settings

        def check(name: str, setting: PartnerSetting) -> Check:
            remedy = f"Correct config/partners.toml: bin/console partners:check {name}"
            return _check(f"partner {name}", lambda: reachable(setting, root_folder()), remedy)

        try:
            partners = partner_settings(root_folder())
        except ConfigurationInvalid as error:
            return [_check("partners", partial(wrong, str(error)), self._correct)]
        return [check(name, setting) for name, setting in partners.items()]


def _check(name: str, look: Callable[[], Seen], remedy: str, rests_on: str = "") -> Check:
    return Check(name=name, look=look, remedy=remedy, rests_on=rests_on)
