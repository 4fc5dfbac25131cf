"""The console: a typed name to a command, its ending to an exit code.

Whatever can be answered from the static table is answered before anything else is imported.
"""

from __future__ import annotations

import gc
import os
import sys

from kernel.catalogue import find, listing
from kernel.inventory import Entry
from kernel.version import VERSION
from kernel.words import Flags, UsageFault, say, split

OK, USAGE, DEFECT, INTERRUPTED = 0, 2, 70, 130

DEFAULT_COMMAND = "list"


def main(argv: list[str]) -> int:
    """Run what was typed; gives the exit code and never raises."""
    gc.disable()  # imports make much garbage that is none: measured a tenth of start-up
    return _flushed(_ended(argv))


def _ended(argv: list[str]) -> int:
    code = OK
    try:
        code = _dispatch(argv)
    except UsageFault as fault:
        code = _usage(fault, argv)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of stdout left: `bin/console list | head -1`
        _drop_output()
    except Exception as error:  # noqa: BLE001 - the last resort: a line, not a traceback
        from kernel.failure import say_failure

        code = say_failure(error)
    return code


def _flushed(code: int) -> int:
    """Write what was printed; where nobody reads it, the exit code stays the command's."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        _drop_output()
        say(f"the result could not be written: {error.strerror}")
        code = code or DEFECT
    return code


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(argv: list[str]) -> int:
    flags, words = split(argv)
    name, rest = (words[0], words[1:]) if words else (DEFAULT_COMMAND, [])
    if flags.version:
        return _version()
    if name == "_complete":
        return _complete(rest)
    entry = find(name)
    if flags.format not in entry.formats:
        known = " or ".join(entry.formats)
        raise UsageFault(f"--format is {known} for {entry.name}, not {flags.format!r}")
    if entry.name in _BUILT_IN:
        return _BUILT_IN[entry.name](rest, flags)
    return _help([entry.name], flags) if flags.help else _run(entry, rest, flags)


def _version() -> int:
    print(f"Crontract {VERSION}")
    return OK


def _complete(words: list[str]) -> int:
    from kernel.completion import complete

    return complete(words)


def _list(words: list[str], flags: Flags) -> int:
    namespace = words[0] if words else ""
    if flags.format == "json":
        from kernel.completion import listing_json

        print(listing_json(namespace))
    else:
        print(listing(namespace, colour=flags.colours(sys.stdout)))
    return OK


def _help(words: list[str], flags: Flags) -> int:
    entry = find(words[0]) if words else None
    if entry is None or entry.name in _BUILT_IN:
        return _list([], flags)
    from kernel.loading import help_of

    print(help_of(entry))
    return OK


def _completion(words: list[str], _flags: Flags) -> int:
    from kernel.completion import script

    print(script(words[0] if words else ""))
    return OK


_BUILT_IN = {"list": _list, "help": _help, "completion": _completion}


def _run(entry: Entry, words: list[str], flags: Flags) -> int:
    from kernel.loading import run_command

    env = flags.env or os.environ.get("CRONTRACT_ENV") or "dev"
    return run_command(entry, words, flags, env)


def _usage(fault: UsageFault, argv: list[str]) -> int:
    """Say what is wrong with what was typed; a schedule has nobody who reads it, so tell them."""
    hint = f"\n{fault.hint}" if fault.hint else ""
    say(f"{fault}{hint}")
    if os.environ.get("CRON_TRIGGER") or os.environ.get("CRON_SCHEDULER_RUN_ID"):
        try:
            from kernel.misfire import tell_misfire

            tell_misfire(argv, str(fault))
        except Exception as error:  # noqa: BLE001 - the exit code says it too
            from kernel.failure import say_failure

            say_failure(error)
    return USAGE
