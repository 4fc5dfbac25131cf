"""No setting without a reader."""

from __future__ import annotations

import ast
import tomllib

from architecture.tree import ROOT, modules
from infra.boot import KEYS


def reads(module: ast.Module, section: str, key: str) -> bool:
    """Whether the module reads ``.section.key`` or asks for it by its two words."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and node.attr == key and _ends(node.value, section):
            return True
        if isinstance(node, ast.Call) and _words(node)[:2] == [section, key]:
            return True
    return False


def _ends(node: ast.expr, section: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == section


def _words(call: ast.Call) -> list[object]:
    return [word.value for word in call.args if isinstance(word, ast.Constant)]


def test_both_ways_to_read_a_setting_are_seen_and_a_mention_is_not() -> None:
    assert reads(ast.parse("settings.cron.running"), "cron", "running")
    assert reads(ast.parse("text('cron', 'running')"), "cron", "running")
    assert not reads(ast.parse("{'cron': ('running',)}"), "cron", "running")


def test_every_setting_has_a_reader() -> None:
    known = [(section, key) for section, keys in KEYS.items() for key in keys]
    trees = [module for _, module in modules("src")]

    assert len(known) > 5
    unread = [f"{s}.{k}" for s, k in known if not any(reads(tree, s, k) for tree in trees)]
    assert unread == []


def test_app_toml_gives_every_known_key_a_value_and_knows_no_other() -> None:
    app = tomllib.loads((ROOT / "config" / "app.toml").read_text("utf-8"))

    assert {section: set(keys) for section, keys in app.items()} == {
        section: set(keys) for section, keys in KEYS.items()
    }
