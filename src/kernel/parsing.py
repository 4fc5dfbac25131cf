"""From typed words to values: a callable's signature is its command's options (typer)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.exceptions import TyperException

from kernel.words import FLAG_HELP, UsageFault


def options_of(*sources: Callable[..., Any]) -> list[inspect.Parameter]:
    """Collect the parameters that typer annotates; a later source's name wins."""
    found: dict[str, inspect.Parameter] = {}
    for source in sources:
        for parameter in inspect.signature(source, eval_str=True).parameters.values():
            if hasattr(parameter.annotation, "__metadata__"):
                kind = inspect.Parameter.KEYWORD_ONLY
                found[parameter.name] = parameter.replace(kind=kind)
    return list(found.values())


class Parser:
    """Parses the words of one command."""

    def __init__(
        self,
        name: str,
        summary: str,
        options: Sequence[inspect.Parameter],
        examples: Sequence[str],
    ) -> None:
        self._prog = f"bin/console {name}"
        app = typer.Typer(
            add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
        )
        app.command(name=name, help=summary, no_args_is_help=False)(_endpoint(options))
        self._examples = examples
        self._command = typer.main.get_command(app)

    def values(self, words: Sequence[str]) -> dict[str, Any]:
        """Give the values by parameter name. Raises UsageFault that says what to type."""
        self._refuse_repeated(words)
        return self._main(list(words))  # type: ignore[no-any-return]  # what _endpoint returns

    def valued_names(self) -> set[str]:
        """Name the options that take the word after them as their value."""
        valued = (option for option in self._command.params if not getattr(option, "is_flag", True))
        return {name for option in valued for name in option.opts}

    def _refuse_repeated(self, words: Sequence[str]) -> None:
        for option in self._command.params:
            given = [word for word in words if word.partition("=")[0] in option.opts]
            if len(given) > 1 and not option.multiple and not getattr(option, "is_flag", False):
                raise UsageFault(f"{option.opts[0]} is given {len(given)} times, once is meant")

    def help(self) -> str:
        """Write the help page: usage, options, examples, and the console's own flags."""
        context = self._command.make_context(self._prog, [], resilient_parsing=True)
        own = self._command.get_help(context).rstrip()
        examples = "\n".join(f"  {example}" for example in self._examples)
        flags = "\n".join(f"  {flag:<22}{text}" for flag, text in FLAG_HELP)
        return f"{own}\n\nExamples:\n{examples}\n\nOptions of every command:\n{flags}"

    def option_names(self) -> list[str]:
        options = self._command.params
        names = [name for o in options for name in (*o.opts, *o.secondary_opts)]
        return sorted(name for name in names if name.startswith("--"))

    def _main(self, words: list[str]) -> Any:
        try:
            return self._command.main(args=words, prog_name=self._prog, standalone_mode=False)
        except TyperException as error:
            hint = f"See {self._prog} --help"
            raise UsageFault(_message_of(error), hint) from error


def _endpoint(options: Sequence[inspect.Parameter]) -> Callable[..., dict[str, Any]]:
    def endpoint(**values: Any) -> dict[str, Any]:
        return values

    endpoint.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]  # PEP 362
    endpoint.__annotations__ = {option.name: option.annotation for option in options}
    return endpoint


def _message_of(error: TyperException) -> str:
    message = getattr(error, "format_message", lambda: str(error))()
    words = str(message).replace("is not a valid int range", "is not a whole number")
    return words or type(error).__name__
