"""What one contract alone cannot show: rules across contracts, schedules and configuration."""

from __future__ import annotations

from domain.operating.contract_rules import CONTRACT_RULES
from domain.operating.findings import Finding, Installation, Rule
from domain.operating.queue_rules import QUEUE_RULES
from domain.operating.schedule_rules import SCHEDULE_RULES

RULES: tuple[Rule, ...] = (*CONTRACT_RULES, *SCHEDULE_RULES, *QUEUE_RULES)


def lint(installation: Installation) -> list[Finding]:
    """Check every rule; errors first."""
    findings = [finding for rule in RULES for finding in rule.findings(installation)]
    return sorted(findings, key=lambda finding: (finding.level, finding.subject, finding.rule))
