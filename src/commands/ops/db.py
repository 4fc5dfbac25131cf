"""db:migrate and db:status: the database and its schema."""

from __future__ import annotations

from typing import ClassVar, Protocol

from commands.result import Facts, Text
from domain.operating.run import ExitCode


class Schema(Protocol):
    """The database's schema."""

    @property
    def address(self) -> str:
        """The database without its password."""
        ...

    def upgrade(self) -> None: ...
    def revisions(self) -> tuple[str | None, str | None]:
        """Give the revision that the database has, and the one that this version needs."""
        ...


class DbMigrate:
    """Creates the database, or brings it up to date; harmless to repeat."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console db:migrate",)

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def __call__(self) -> Text:
        before, _ = self._schema.revisions()
        self._schema.upgrade()
        after, _ = self._schema.revisions()
        said = "is up to date" if before == after else f"went from {before or 'empty'} to {after}"
        return Text(
            text=f"{self._schema.address} {said}",
            data={"database": self._schema.address, "before": before, "after": after},
        )


class DbStatus:
    """Shows the schema's revision; exit 78 when db:migrate is due."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console db:status",)

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def __call__(self) -> Facts:
        current, needed = self._schema.revisions()
        due = current != needed
        return Facts(
            title="database",
            facts={
                "address": self._schema.address,
                "revision": current,
                "needed": needed,
                "state": "run bin/console db:migrate" if due else "up to date",
            },
            exit_code=ExitCode.MISCONFIGURED if due else ExitCode.OK,
        )
