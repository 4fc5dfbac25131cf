"""Findings as SARIF 2.1.0, which code hosts and editors show at the line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.operating.findings import Finding, Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PAGE = "docs/reference/contract-rules.md"
PROJECT, SOURCE = "PROJECT", "SOURCE"
"""What paths are relative to: the folder of config/, and the checkout; mostly one and the same."""


def sarif(
    rules: Sequence[Rule], findings: Sequence[Finding], folders: Mapping[str, Path], version: str
) -> Any:
    """Write one run of the tool; each finding must have its file and line."""
    order = [rule.id for rule in rules]
    driver = {
        "name": "crontract contract:lint",
        "version": version,
        "rules": [_rule(rule, folders[SOURCE]) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {
            name: {"uri": f"{folder.as_uri()}/"} for name, folder in folders.items()
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order.index(finding.rule)) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule, source: Path) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.holds},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.remedy},
        "helpUri": f"{(source / PAGE).as_uri()}#{rule.id}",
        "defaultConfiguration": {"level": "error"},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    base = PROJECT if finding.file.startswith("config/") else SOURCE
    place = {
        "artifactLocation": {"uri": Path(finding.file).as_posix(), "uriBaseId": base},
        "region": {"startLine": finding.line},
    }
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level,
        "message": {"text": f"{finding.subject}: {finding.message}"},
        "locations": [{"physicalLocation": place}],
    }
