"""The base of every scheduled command: without a contract the class cannot be defined."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from domain.operating.contract import Contract
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary

Request = TypeVar("Request")


def needs_reason(option: str, reason: str, *, given: bool) -> None:
    """Raise typer.BadParameter where an option that needs a reason comes without one."""
    if given and not reason.strip():
        from typer import BadParameter

        raise BadParameter(f"{option} needs a --reason")


class CronCommand(ABC, Generic[Request]):
    """A scheduled job as it is typed: contract, flags to a frozen request, one call.

    ``request`` turns the flags into the request; its signature *is* the command's options, and
    it raises ``typer.BadParameter`` for a combination that makes no sense. The request has a
    ``scope`` ("all", "supplier.23"): with the command's name it names one firing.
    ``handle`` runs in the child process.
    """

    contract: ClassVar[Contract]
    examples: ClassVar[tuple[str, ...]]
    legacy: ClassVar[dict[str, str]] = {}
    """Old spellings of options, accepted with a warning: ``{"--updateAnyway": "--update-anyway"}``.

    The first that a word begins with counts; one that stands for nothing is left out.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, kind in (("contract", Contract), ("examples", tuple)):
            if not isinstance(cls.__dict__.get(name), kind):
                raise TypeError(f"{cls.__name__} declares no {name}; see docs/how-to/add-a-job.md")

    request: ClassVar[Any]

    @classmethod
    def request_parameters(cls) -> tuple[str, ...]:
        """Name what ``request`` takes: its own options, and ``reason`` where it asks for it."""
        return tuple(inspect.signature(cls.request).parameters)

    @abstractmethod
    def handle(self, request: Request, run: ActiveRun, /) -> Summary:
        """Do the work by one call of the service."""
