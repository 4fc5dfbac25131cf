"""What doctor looks at, wired: each check with what to do where it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from domain.errors import ConfigurationInvalid
from domain.operating.checkup import Check, Seen, ok, skipped, wrong
from domain.operating.lock_store import LockStore
from infra.boot import Boot, boot, read_toml, root_folder, source_folder
from infra.doctor import database, host, mounted, network
from infra.schedules import DeclaredSchedule, schedules
from infra.sql.connection import Database
from kernel.lock_stores import chosen, open_store


class Checkup:
    """Gives the checks of one environment; settings that do not load fail what needs them."""

    def __init__(self, env: str) -> None:
        self._env = env

    def checks(self) -> tuple[Check, ...]:
        return (
            _check("python", host.python, "Install Python 3.11 or newer and run bin/setup"),
            _check("settings", self._load, "Correct the file named; bin/console config:check"),
            _check("secrets", self._secrets, "Mount them, chmod 0600: docs/how-to/keep-secrets.md"),
            _check("database", self._database, "Start the server, or correct DATABASE_URL"),
            _check("migrations", self._migrations, "Run bin/console db:migrate"),
            _check("clock", self._clock, "Set both clocks by NTP (timedatectl)"),
            _check("locks", self._locks, 'Set locks.store to "auto", or bring its server up'),
            _check("redis", self._redis, "Start the server, or correct locks.redis_url"),
            _check("folders", self._folders, "Make room, or give this user the folder"),
            _check("schedules", self._schedules, "Correct config/schedules.toml"),
            _check("zones", self._zones, "Install the system's tzdata package"),
            _check("gateway", self._gateway, "Start it, or correct metrics.pushgateway_url"),
            *self._channels(),
            _check("supervisor", self._supervisor, "Run on Linux; elsewhere only to develop"),
            _check(
                "bytecode", lambda: host.bytecode(source_folder()), "Run bin/setup as its owner"
            ),
        )

    @cached_property
    def _boot(self) -> Boot:
        return boot(self._env)

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

    def _redis(self) -> Seen:
        if chosen(self._boot, Database(self._boot.database_url)) is not LockStore.REDIS:
            return skipped("the lock store is another one")
        return network.redis(self._boot.redis_url, self._boot.secrets_directory)

    def _folders(self) -> Seen:
        metrics = self._boot.textfile_directory
        wanted = [("state", self._boot.state), ("imports", self._boot.import_directory)]
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

    def _channels(self) -> list[Check]:
        """One check per alert channel, so that one that hangs does not hide the next."""
        path = root_folder() / "config" / "alerts.toml"
        try:
            channels = read_toml(path).get("channel", {}) if path.exists() else {}
        except ConfigurationInvalid as error:
            fault = wrong(str(error))
            return [_check("channels", lambda: fault, "Correct the file: bin/console config:check")]
        return [self._channel(name, values) for name, values in channels.items()]

    def _channel(self, name: str, values: Mapping[str, Any]) -> Check:
        def look() -> Seen:
            return network.REACH[values["kind"]](values, self._boot.secrets_directory)

        return _check(f"channel {name}", look, "Correct config/alerts.toml, or start the server")


def _check(name: str, look: Callable[[], Seen], remedy: str) -> Check:
    return Check(name=name, look=look, remedy=remedy)
