"""Rules that contracts must keep, each for itself and beside the others."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

from domain.errors import Retryable
from domain.operating.contract import CatchUpKind, Contract, IdempotencyKind
from domain.operating.findings import Fault, Installation, Rule, of_each

ALL_CRS = tuple(f"CR-{number:03d}" for number in range(1, 15))
"""The changes of the operating model; those of later jobs follow without a gap."""

_CREDENTIAL = re.compile(
    r"(password|passwd|secret|token)\s*[=:]\s*\S|://[^/\s:]*:[^@\s]+@", re.IGNORECASE
)


def next_cr(number: str) -> str:
    """Give the number that the next change gets."""
    return f"CR-{int(number.removeprefix('CR-')) + 1:03d}"


def looks_like_credential(text: str) -> bool:
    return _CREDENTIAL.search(text) is not None


def _retry_fits_budget(contract: Contract) -> str:
    waits = sum(
        (contract.retry.ceiling(number) for number in range(1, contract.retry.attempts)),
        timedelta(0),
    )
    if waits < contract.timeout:
        return ""
    return f"the waits between attempts ({waits}) use up the timeout ({contract.timeout})"


def _retried_may_pass(contract: Contract) -> str:
    kinds: Iterable[type[Exception]] = contract.retry.on  # what mypy knows, a job need not heed
    wrong = [kind.__name__ for kind in kinds if not issubclass(kind, Retryable)]
    return f"{', '.join(wrong)}: not Retryable, so never tried again" if wrong else ""


def _catch_up_is_safe(contract: Contract) -> str:
    late = contract.catch_up.kind is not CatchUpKind.NONE
    unsafe = contract.idempotency.kind is IdempotencyKind.NONE
    return "catch-up needs an idempotency other than none" if late and unsafe else ""


def _grace_fits(contract: Contract) -> str:
    too_long = contract.grace >= contract.timeout
    return "the grace is not shorter than the timeout" if too_long else ""


def _no_credential(contract: Contract) -> str:
    texts = (contract.summary, contract.lock, contract.idempotency.by, contract.idempotency.note)
    return "a text looks like a credential" if any(map(looks_like_credential, texts)) else ""


def _destructive_is_guarded(contract: Contract) -> str:
    every = contract.destructive and contract.catch_up.kind is CatchUpKind.ALL
    return "a destructive job must not catch up every missed firing" if every else ""


def _each_cr_once(installation: Installation) -> Iterable[Fault]:
    covered = Counter(number for contract in installation.contracts for number in contract.covers)
    for number in sorted({*ALL_CRS, *covered}):
        if covered[number] != 1:
            yield number, f"is covered by {covered[number]} contracts instead of one"
    for number, following in pairwise(sorted({*ALL_CRS, *covered})):
        if following != next_cr(number):
            yield following, f"does not follow {number}: the next one is {next_cr(number)}"


def _locks_are_distinct(installation: Installation) -> Iterable[Fault]:
    locks = Counter(contract.lock for contract in installation.contracts)
    for contract in installation.contracts:
        if locks[contract.lock] > 1:
            yield contract.name, f"shares its lock {contract.lock}"


def _lock_fields_exist(installation: Installation) -> Iterable[Fault]:
    for contract in installation.contracts:
        built = installation.built.get(contract.name)
        if built is None:
            continue
        fields = [name for _, name, _, _ in string.Formatter().parse(contract.lock) if name]
        for name in fields:
            if name not in built.request_fields:
                known = ", ".join(sorted(built.request_fields))
                yield contract.name, f"the lock names {{{name}}}; the request has {known}"


def _destructive_is_locked(installation: Installation) -> Iterable[Fault]:
    for contract in installation.contracts:
        if contract.destructive and installation.advisory:
            yield (
                contract.name,
                f"is destructive; the lock store {installation.advisory} only advises",
            )


def _has_runbook(installation: Installation) -> Iterable[Fault]:
    for contract in installation.contracts:
        for number in contract.covers:
            if contract.name in installation.built and number not in installation.runbooks:
                yield contract.name, f"ops/runbooks/{number}.md is missing"


CONTRACT_RULES: tuple[Rule, ...] = (
    Rule(
        id="coverage",
        holds="Each of CR-001 to CR-014, and each later CR, is covered by exactly one contract.",
        why="A change that nobody covers is not run; one covered twice is run twice.",
        remedy="Put the CR into `covers` of one contract and take it out of the others.",
        find=_each_cr_once,
    ),
    Rule(
        id="lock",
        holds="No two contracts share a lock template.",
        why="Two jobs under one lock keep each other from running.",
        remedy="Name each lock after its job: `cron.<group>.<verb>`.",
        find=_locks_are_distinct,
    ),
    Rule(
        id="lock-fields",
        holds="Each field of a lock template is a field of the job's request.",
        why="A template that cannot be filled fails at the job's first start.",
        remedy="Use a field that the request has, or add it to the request.",
        find=_lock_fields_exist,
    ),
    Rule(
        id="destructive-lock",
        holds="A destructive job runs under a lock store that fences: file or database.",
        why="A store that only advises may lose its data and let two runs delete at once.",
        remedy='Set `[locks] store = "database"` (or `"auto"`) in config/app.toml.',
        find=_destructive_is_locked,
    ),
    Rule(
        id="destructive-catch-up",
        holds="A destructive job does not catch up every missed firing.",
        why="After an outage it would delete many times over, unwatched.",
        remedy="Declare `CatchUp.none()` or `CatchUp.last()`.",
        find=of_each(_destructive_is_guarded),
    ),
    Rule(
        id="catch-up",
        holds="A job that catches up is idempotent.",
        why="A late firing may meet its own effect; without idempotency it would double it.",
        remedy="Make the job natural, keyed or checkpointed, or declare `CatchUp.none()`.",
        find=of_each(_catch_up_is_safe),
    ),
    Rule(
        id="grace",
        holds="The grace is shorter than the timeout.",
        why="The grace is the time to roll back and leave, not a second timeout.",
        remedy="Shorten `grace`, or lengthen `timeout`.",
        find=of_each(_grace_fits),
    ),
    Rule(
        id="retry-budget",
        holds="The longest waits between attempts leave time for the attempts.",
        why="The timeout covers all attempts and waits; the last attempt would never start.",
        remedy="Fewer attempts, a smaller `cap`, or a longer `timeout`.",
        find=of_each(_retry_fits_budget),
    ),
    Rule(
        id="retry-class",
        holds="Each error class to retry is Retryable.",
        why="Only an error that may pass by itself is worth another attempt.",
        remedy="Derive the class from `domain.errors.Retryable`, or take it out of `Retry.on`.",
        find=of_each(_retried_may_pass),
    ),
    Rule(
        id="credential",
        holds="No text of a contract looks like a credential.",
        why="Contracts are shown, logged and put into manifests.",
        remedy="Name where the secret is kept: docs/how-to/keep-secrets.md.",
        find=of_each(_no_credential),
    ),
    Rule(
        id="runbook",
        holds="Each CR of a job that can be started has a runbook.",
        why="Whoever is paged at night reads it first.",
        remedy="Write `ops/runbooks/<CR>.md`.",
        find=_has_runbook,
    ),
)
