"""Mails from templates: LANGUAGE.txt, which begins with the subject, and LANGUAGE.html."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)

from domain.errors import Refused
from domain.mail.address import one_line

_SUBJECT = "Subject:"


class MailTemplates:
    """One folder of templates; what is filled into HTML is escaped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"]),
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def fill(self, language: str, values: Mapping[str, object]) -> tuple[str, str, str]:
        """Give subject, text and HTML. Raises Refused that names the file."""
        known = {name: _harmless(value) for name, value in values.items()}
        text = self._rendered(f"{language}.txt", known)
        subject, _, body = text.partition("\n")
        if not subject.startswith(_SUBJECT) or not subject.removeprefix(_SUBJECT).strip():
            raise Refused(f"{self._folder}/{language}.txt must begin with '{_SUBJECT} …'")
        html = self._rendered(f"{language}.html", known)
        return subject.removeprefix(_SUBJECT).strip(), body.lstrip("\n"), html

    def _rendered(self, name: str, values: Mapping[str, object]) -> str:
        try:
            return self._environment.get_template(name).render(values)
        except TemplateNotFound as error:
            raise Refused(f"{self._folder}/{name} is missing") from error
        except UnicodeDecodeError as error:
            raise Refused(f"{self._folder}/{name} is not UTF-8 text") from error
        except TemplateSyntaxError as error:
            raise Refused(f"{self._folder}/{name} line {error.lineno}: {error.message}") from error
        except TemplateError as error:
            raise Refused(f"{self._folder}/{name}: {error}") from error


def _harmless(value: object) -> object:
    """A name must not end the line in which it stands: the first one is the subject."""
    return one_line(value) if isinstance(value, str) else value
