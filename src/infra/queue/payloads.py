"""A message's payload, checked against the schema of its type before any handler sees it."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from domain.errors import Refused
from infra.queue.php import is_php, unserialized

LARGEST_CHARACTERS = 4_000_000
"""A payload says what to do; files go by their name."""

_MOST_FAULTS, _LONGEST_NAME = 5, 100


def read_payload(text: str, schema: type[object]) -> Any:
    """Give an instance of the schema, which is a dataclass.

    JSON is read strictly. What the legacy side serialised is read leniently, since PHP writes
    numbers as texts. Raises Refused that names each field and what is wrong with it, never its
    value.
    """
    if len(text) > LARGEST_CHARACTERS:
        raise Refused(f"the payload is longer than {LARGEST_CHARACTERS:,} characters")
    try:
        if is_php(text):
            return _adapter(schema).validate_python(unserialized(text) or {}, strict=False)
        return _adapter(schema).validate_json(text, strict=True)
    except ValidationError as error:
        raise Refused(f"the payload does not fit: {_faults(error)}") from None


_ADAPTERS: dict[type[object], TypeAdapter[Any]] = {}


def _adapter(schema: type[object]) -> TypeAdapter[Any]:
    """Build each schema's reader once: that takes far longer than to read a payload."""
    if schema not in _ADAPTERS:
        # PHP does not keep numbers and texts apart; JSON, which is read strictly, does.
        strict = ConfigDict(extra="forbid", allow_inf_nan=False, coerce_numbers_to_str=True)
        _ADAPTERS[schema] = TypeAdapter(checked(schema, config=strict, frozen=True))
    return _ADAPTERS[schema]


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    told = [_fault(fault) for fault in faults[:_MOST_FAULTS]]
    more = len(faults) - len(told)
    return "; ".join([*told, f"and {more} more"] if more else told)


def _fault(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])[:_LONGEST_NAME]
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])
