"""make sizes: where the tree stands beside the figures of the house; a compass, not a gate."""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
LONG_FILE, LONG_FUNCTION = 300, 40
NOISE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip


class Source:
    """One Python file with its code lines: those that carry more than comment or docstring."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text("utf-8")
        self.lines = text.count("\n")
        self.module = ast.parse(text)
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        self.comments = sum(token.type == tokenize.COMMENT for token in tokens)
        written = {
            line
            for token in tokens
            if token.type not in NOISE
            for line in range(token.start[0], token.end[0] + 1)
        }
        self.code_lines = written - _docstring_lines(self.module)
        self.mocks = len(re.findall(r"\b(?:Mock|MagicMock|patch|monkeypatch)\b[.(]", text))

    def functions(self) -> list[tuple[int, str]]:
        """Code lines and place of each function, nested ones counted for themselves too."""
        return [
            (
                len(self.code_lines & set(range(node.lineno, (node.end_lineno or 0) + 1))),
                f"{self.path.relative_to(ROOT)}:{node.lineno} {node.name}",
            )
            for node in ast.walk(self.module)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]


def _docstring_lines(module: ast.Module) -> set[int]:
    bare = [
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    return {line for text in bare for line in range(text.lineno, (text.end_lineno or 0) + 1)}


def sources(*folders: str) -> list[Source]:
    return [Source(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def complexities() -> list[int]:
    """McCabe's figure of each function, as ruff counts it."""
    said = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--select=C901", "--output-format=json"),
            *("--config=lint.mccabe.max-complexity=0", "--exit-zero", "--ignore-noqa", "src"),
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [int(re.findall(r"\d+", fault["message"])[-2]) for fault in json.loads(said.stdout)]


def report() -> list[tuple[str, str, str]]:
    """Rows of figure, the house's aim and where the tree stands."""
    code, tests = sources("src"), sources("tests")
    functions = sorted(found for source in code for found in source.functions())
    sizes = [size for size, _ in functions]
    code_lines = sum(len(source.code_lines) for source in code)
    test_lines = sum(len(source.code_lines) for source in tests)
    long_files = [f"{s.path.relative_to(ROOT)} {s.lines}" for s in code if s.lines > LONG_FILE]
    per_hundred = 100 * sum(source.comments for source in code) / code_lines
    mocks = 1000 * sum(source.mocks for source in tests) / max(test_lines, 1)
    return [
        ("code lines, files", "", f"{code_lines}, {len(code)}"),
        ("function, median", "<= 6", f"{median(sizes):g}"),
        ("function, 90 %", "<= 20", f"{sizes[len(sizes) * 9 // 10]}"),
        ("function, longest", "40", f"{functions[-1][0]}  {functions[-1][1]}"),
        ("functions > 40", "hardly one", f"{sum(size > LONG_FUNCTION for size in sizes)}"),
        ("files > 300 lines", "none", ", ".join(long_files) or "none"),
        ("McCabe, highest", "<= 8", f"{max(complexities())}"),
        ("test lines per code line", "1.3 - 2", f"{test_lines / code_lines:.2f}"),
        ("mocks per 1,000 test lines", "<= 2", f"{mocks:.1f}"),
        ("comments per 100 lines", "2 - 6", f"{per_hundred:.1f}"),
    ]


if __name__ == "__main__":
    for figure, aim, here in report():
        sys.stdout.write(f"{figure:<28}{aim:<12}{here}\n")
