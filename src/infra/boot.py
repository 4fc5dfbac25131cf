"""The few settings that a start needs before its lock, read by the standard library alone.

``infra.settings`` checks types and values of all of them with pydantic, which is loaded only
after the lock; a test holds the two to the same keys and the same order of precedence.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationInvalid
from infra.secrets import conceal_passwords, filled, read_secret, secrets_directory

PREFIX = "CRONTRACT_"
ENVIRONMENTS = ("dev", "test", "prod")

KEYS: Mapping[str, tuple[str, ...]] = {
    "database": ("url",),
    "state": ("directory",),
    "locks": ("store", "redis_url"),
    "cron": ("running", "memory_limit_bytes"),
    "imports": ("directory",),
    "images": ("inbox", "source", "media"),
    "metrics": ("textfile_directory", "pushgateway_url"),
    "slots": ("start_grace_seconds",),
    "secrets": ("directory",),
}

# The words that pydantic takes for a truth value, so that both readers agree.
_TRUE = ("1", "true", "t", "yes", "y", "on")
_FALSE = ("0", "false", "f", "no", "n", "off")


@dataclass(frozen=True, kw_only=True)
class Boot:
    """Where the ledger and the locks are, and whether anything may run at all."""

    root: Path
    env: str
    database_url: str = field(repr=False)
    state: Path
    lock_store: str
    redis_url: str = field(repr=False)
    running: bool
    memory_limit_bytes: int | None
    textfile_directory: Path | None
    pushgateway_url: str = field(repr=False)
    start_grace_seconds: float
    secrets_directory: Path
    import_directory: Path
    image_directories: Mapping[str, Path]


def root_folder() -> Path:
    """Find the project's folder: CRONTRACT_HOME, else the checkout this file is in."""
    home = os.environ.get("CRONTRACT_HOME")
    return Path(home).resolve() if home else source_folder()


def source_folder() -> Path:
    """Find the checkout that this program runs from: its source, runbooks and rendered files."""
    return Path(__file__).resolve().parents[2]


def boot(env: str, root: Path | None = None) -> Boot:
    """Read the settings. Raises ConfigurationInvalid that names every unknown key."""
    root = root or root_folder()
    if env not in ENVIRONMENTS:
        raise ConfigurationInvalid(f"--env {env}: choose one of {', '.join(ENVIRONMENTS)}")
    values = given(root, env)
    faults = unknown_keys(values) + unknown_variables()
    if faults:
        raise ConfigurationInvalid("; ".join(faults) + " (see bin/console config:check)")
    return _boot(root, env, values)


def given(root: Path, env: str) -> dict[str, dict[str, Any]]:
    """Merge all that was said, in the order of precedence: app.toml, overlay, variables.

    The passwords of addresses count as secrets from here on.
    """
    values, said = read_files(root, env), variables()
    for section, keys in KEYS.items():
        for key in keys:
            if (name := variable(section, key)) in said:
                values.setdefault(section, {})[key] = said[name]
    for section_values in values.values():
        for value in section_values.values():
            conceal_passwords(str(value))
    return values


def config_files(root: Path, env: str) -> tuple[Path, Path]:
    return root / "config" / "app.toml", root / "config" / "env" / f"{env}.toml"


def read_files(root: Path, env: str) -> dict[str, dict[str, Any]]:
    """Merge app.toml and the overlay of ``env``, section by section."""
    merged: dict[str, dict[str, Any]] = {}
    for path in config_files(root, env):
        for section, values in read_toml(path).items():
            if not isinstance(values, dict):
                raise ConfigurationInvalid(f"{path}: {section} must stand in a section")
            merged.setdefault(section, {}).update(values)
    return merged


def read_toml(path: Path) -> dict[str, Any]:
    """Read one TOML file; ConfigurationInvalid names the file and the line."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigurationInvalid(f"{path} is missing") from error
    except OSError as error:
        raise ConfigurationInvalid(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"{path}: {error}") from error


def unknown_keys(values: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name each section and key that no part of the program reads."""
    faults = [f"config: unknown section [{section}]" for section in values if section not in KEYS]
    return faults + [
        f"config: unknown key {section}.{key}"
        for section, keys in values.items()
        for key in keys
        if section in KEYS and key not in KEYS[section]
    ]


def variable(section: str, key: str) -> str:
    """Name the variable of a setting."""
    return f"{PREFIX}{section}__{key}".upper()


DATABASE_URL = "DATABASE_URL"
"""The name that every platform knows, beside CRONTRACT_DATABASE__URL, over which it wins."""


def _known_variables() -> set[str]:
    return {variable(section, key) for section, keys in KEYS.items() for key in keys}


def variables() -> dict[str, str]:
    """Give the settings among the environment's variables, by name in capitals.

    ``NAME_FILE`` names a mounted file that holds the value. Raises ConfigurationInvalid where that
    cannot be read, or where ``NAME`` is said too.
    """
    said = {
        name.upper(): value
        for name, value in os.environ.items()
        if name.upper().startswith(PREFIX) and "__" in name
    }
    said |= {n: os.environ[n] for n in (DATABASE_URL, DATABASE_URL + "_FILE") if os.environ.get(n)}
    for name in sorted(_known_variables() | {DATABASE_URL}):
        if file := said.pop(f"{name}_FILE", ""):
            if name in said:
                raise ConfigurationInvalid(f"{name} and {name}_FILE are both set: leave one out")
            said[name] = _mounted(name, file)
    if url := said.pop(DATABASE_URL, ""):
        said[variable("database", "url")] = url
    return said


def variable_files() -> list[Path]:
    """Name the mounted files that settings are read from."""
    names = [f"{name}_FILE" for name in sorted(_known_variables() | {DATABASE_URL})]
    return [Path(value) for name, value in os.environ.items() if name.upper() in names and value]


def _mounted(name: str, file: str) -> str:
    try:
        return read_secret(Path(file))
    except ConfigurationInvalid as error:
        raise ConfigurationInvalid(f"{name}_FILE: {error}") from error


def unknown_variables() -> list[str]:
    """Name each variable that looks like a setting and is none."""
    known = _known_variables()
    return [f"config: unknown variable {name}" for name in variables() if name not in known]


def database_address(url: str, root: Path, secrets: Path) -> str:
    """Fill in the references of the database's address; a relative path starts at ``root``."""
    return absolute_url(filled(url, secrets).reveal(), root)


def _boot(root: Path, env: str, values: Mapping[str, Mapping[str, Any]]) -> Boot:
    def text(section: str, key: str) -> str:
        said = values.get(section, {}).get(key)
        if said is None:
            raise ConfigurationInvalid(f"config: {section}.{key} is missing")
        return str(said)

    metrics = text("metrics", "textfile_directory")
    secrets = secrets_directory(text("secrets", "directory"), root)
    return Boot(
        root=root,
        env=env,
        database_url=database_address(text("database", "url"), root, secrets),
        secrets_directory=secrets,
        import_directory=root / text("imports", "directory"),
        image_directories={name: root / text("images", name) for name in KEYS["images"]},
        state=root / text("state", "directory"),
        lock_store=text("locks", "store"),
        redis_url=text("locks", "redis_url"),
        running=_truth("cron.running", text("cron", "running")),
        memory_limit_bytes=_bytes(text("cron", "memory_limit_bytes")),
        textfile_directory=root / metrics if metrics else None,
        pushgateway_url=text("metrics", "pushgateway_url"),
        start_grace_seconds=_number(
            "slots.start_grace_seconds", text("slots", "start_grace_seconds")
        ),
    )


def _truth(key: str, text: str) -> bool:
    word = text.lower()
    if word not in _TRUE + _FALSE:  # a misspelt "true" must not switch every job off in silence
        raise ConfigurationInvalid(f"config: {key} is neither true nor false: {text}")
    return word in _TRUE


def _number(key: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise ConfigurationInvalid(f"config: {key} is not a number: {text}") from error
    if not 0 < number < inf:
        raise ConfigurationInvalid(f"config: {key} must be above 0: {text}")
    return number


def _bytes(text: str) -> int | None:
    if not text.isdigit():
        raise ConfigurationInvalid(f"config: cron.memory_limit_bytes is no whole number: {text}")
    return int(text) or None


def absolute_url(url: str, root: Path) -> str:
    """Resolve the path of an SQLite address from the project's folder, not from the caller's."""
    scheme, separator, path = url.partition(":///")
    if not scheme.startswith("sqlite") or not separator:
        return url
    return f"{scheme}:///{root / path}"
