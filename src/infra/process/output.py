"""A child's output: passed on line by line, and its tail kept for the ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from infra.secrets import scrub

TAIL_BYTES = 64 * 1024
_LONGEST_LINE_BYTES = 64 * 1024


class Lines:
    """Cuts a stream of bytes into lines; one without an end is cut at 64 KiB."""

    def __init__(self, longest: int = _LONGEST_LINE_BYTES) -> None:
        self._longest = longest
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) >= self._longest:
            lines.append(self.rest())
        return lines

    def rest(self) -> bytes:
        """Take what has no line end yet."""
        rest, self._rest = self._rest, b""
        return rest


class Output:
    """Passes lines to ``sink``, which may fail as a closed terminal does, and keeps the tail."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink = sink
        self._lines = Lines()
        self._tail = bytearray()

    def feed(self, data: bytes) -> None:
        self._tail += data
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]
        for line in self._lines.feed(data):
            self._pass_on(line)

    def finish(self) -> None:
        """Pass on a last line that has no end."""
        rest = self._lines.rest()
        if rest:
            self._pass_on(rest)

    def note(self, text: str) -> None:
        """Add a line of the supervisor's own."""
        self.finish()
        self.feed(f"{text}\n".encode())

    @property
    def tail(self) -> str:
        """At most the last 64 KiB, from the start of a line where there is one, without secrets."""
        if len(self._tail) <= TAIL_BYTES:
            return scrub(self._tail.decode(errors="replace"))
        cut = bytes(self._tail[-TAIL_BYTES:])
        return scrub((cut.partition(b"\n")[2] or cut).decode(errors="replace"))

    def _pass_on(self, line: bytes) -> None:
        with suppress(OSError):
            self._sink(line.decode(errors="replace"))
