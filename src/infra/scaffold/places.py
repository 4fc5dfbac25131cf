"""Where a new job's lines belong in the files that are there."""

from __future__ import annotations

import ast

from domain.errors import Refused


def with_entry(inventory: str, entry: str) -> str:
    """Put a command's lines behind the last job of the inventory."""
    jobs = [
        call
        for call in ast.walk(ast.parse(inventory))
        if isinstance(call, ast.Call) and call.args and _is_job(call.args[0])
    ]
    if not jobs:
        raise Refused("the inventory lists no job to write the new one behind")
    return _inserted(inventory, max(call.end_lineno or 0 for call in jobs), entry)


def with_method(container: str, imported: str, method: str) -> str:
    """Put a method behind the container's last job, and its class among the types."""
    tree = ast.parse(container)
    built = [
        statement.end_lineno or 0
        for kind in tree.body
        if isinstance(kind, ast.ClassDef)
        for statement in kind.body
        if isinstance(statement, ast.FunctionDef) and _builds_job(statement)
    ]
    if not built:
        raise Refused("the container builds no job to write the new one behind")
    with_built = _inserted(container, max(built), f"\n{method}")
    return _inserted(with_built, _line_of_import(tree, imported), imported)


def _is_job(argument: ast.expr) -> bool:
    value = argument.value if isinstance(argument, ast.Constant) else ""
    return isinstance(value, str) and value.startswith("cron:")


def _builds_job(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and (node.module or "").startswith("commands.cron.")
        for node in ast.walk(function)
    )


def _line_of_import(tree: ast.Module, imported: str) -> int:
    """Give the line behind which an import stands in order among the commands' for types only."""
    module = imported.split()[1]
    block = next(node for node in tree.body if isinstance(node, ast.If))
    commands = [
        node
        for node in block.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("commands.")
    ]
    behind = [node.lineno - 1 for node in commands if (node.module or "") > module]
    return min(behind, default=commands[-1].end_lineno or 0)


def _inserted(text: str, after_line: int, lines: str) -> str:
    kept = text.splitlines(keepends=True)
    return "".join((*kept[:after_line], lines, *kept[after_line:]))
