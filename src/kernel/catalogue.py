"""Finding a command by what was typed, and listing them as Symfony's console does."""

from __future__ import annotations

from kernel.inventory import BUILT_IN, COMMANDS, Entry
from kernel.version import VERSION
from kernel.words import FLAG_HELP, UsageFault

_BY_NAME = {entry.name: entry for entry in COMMANDS + BUILT_IN}

WIDTH = 2 + max(len(name) for name in _BY_NAME)


def find(typed: str) -> Entry:
    """Resolve a name or a unique abbreviation (``c:s:i``). Raises UsageFault with a hint."""
    exact = _BY_NAME.get(typed)
    if exact:
        return exact
    matches = [entry for entry in _BY_NAME.values() if _abbreviates(typed, entry.name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        names = "\n  ".join(entry.name for entry in matches)
        raise UsageFault(f'Command "{typed}" is ambiguous', f"Did you mean one of\n  {names}")
    raise UsageFault(f'There is no command "{typed}"', _suggestion(typed))


def _abbreviates(typed: str, name: str) -> bool:
    parts, whole = typed.split(":"), name.split(":")
    return len(parts) == len(whole) and all(
        full.startswith(part) for part, full in zip(parts, whole, strict=True)
    )


def _suggestion(typed: str) -> str:
    group = [name for name in _BY_NAME if typed and name.startswith((f"{typed}:", f"cron:{typed}"))]
    if not group:
        from difflib import get_close_matches

        group = get_close_matches(typed, _BY_NAME, n=3, cutoff=0.5)
    if not group:
        return "Run bin/console list to see all commands"
    return "Did you mean\n  " + "\n  ".join(group)


def within(namespace: str) -> list[Entry]:
    """Give the commands of a namespace, of all for "". Raises UsageFault where there is none."""
    entries = [e for e in COMMANDS if not namespace or e.name.startswith(f"{namespace}:")]
    if not entries:
        raise UsageFault(
            f'There is no command in the namespace "{namespace}"', _suggestion(namespace)
        )
    return entries


def listing(namespace: str, *, colour: bool) -> str:
    """Write the list of commands grouped by namespace, with the usage above."""
    entries = within(namespace)
    lines = [] if namespace else _opening(colour=colour)
    lines.append(_heading("Available commands:", colour=colour))
    if not namespace:
        bare = sorted((*BUILT_IN, *(e for e in entries if ":" not in e.name)), key=_name)
        lines += [_line(entry, colour=colour) for entry in bare]
    group = ""
    for entry in entries:
        if ":" not in entry.name:
            continue
        if entry.name.partition(":")[0] != group:
            group = entry.name.partition(":")[0]
            lines.append(f" {_heading(group, colour=colour)}")
        lines.append(_line(entry, colour=colour))
    return "\n".join(lines)


def _name(entry: Entry) -> str:
    return entry.name


def _opening(*, colour: bool) -> list[str]:
    name = f"Crontract {VERSION}"
    return [
        _paint(name, "32", colour=colour),
        "",
        _heading("Usage:", colour=colour),
        "  command [options] [arguments]      (names may be shortened: c:su:i)",
        "",
        _heading("Options:", colour=colour),
        *(f"  {_paint(flag.ljust(WIDTH), '32', colour=colour)}{text}" for flag, text in FLAG_HELP),
        "",
    ]


def _line(entry: Entry, *, colour: bool) -> str:
    covers = f" [{', '.join(entry.covers)}]" if entry.covers else ""
    name = _paint(entry.name.ljust(WIDTH), "32", colour=colour)
    return f"  {name}{entry.summary}{covers}"


def _heading(text: str, *, colour: bool) -> str:
    return _paint(text, "33", colour=colour)


def _paint(text: str, code: str, *, colour: bool) -> str:
    return f"\033[{code}m{text}\033[0m" if colour else text
