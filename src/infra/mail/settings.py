"""config/jobs.toml [mail]: the server that takes what jobs write, or a folder for trying."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from domain.errors import ConfigurationInvalid, Refused
from domain.mail.address import mail_address, one_line
from infra.mail.connection import MailServer
from infra.secrets import HOW, is_reference
from infra.settings import Section

SMTP, DIRECTORY, NONE = "smtp", "directory", "none"


class MailSection(Section):
    """One server for all jobs; ``directory`` keeps each mail as a file and sends none."""

    kind: Literal["smtp", "directory", "none"]
    directory: Path
    host: str
    port: int = Field(ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"]
    user: str
    password: str = Field(repr=False)
    ca_file: str
    timeout_seconds: float = Field(ge=0.1, le=600, allow_inf_nan=False)
    sender: str
    sender_name: str

    @field_validator("password")
    @classmethod
    def _is_reference(cls, password: str) -> str:
        if password and not is_reference(password):
            raise ValueError(f"a secret stands where its reference belongs: {HOW}")
        return password

    @field_validator("sender")
    @classmethod
    def _is_address(cls, sender: str) -> str:
        try:
            return mail_address(sender)
        except Refused as error:
            raise ValueError(str(error)) from error

    @field_validator("sender_name")
    @classmethod
    def _is_one_line(cls, name: str) -> str:
        if name != one_line(name):
            raise ValueError("write one line, without blanks at its ends")
        return name

    @model_validator(mode="after")
    def _is_whole(self) -> MailSection:
        if self.kind == SMTP and not self.host:
            raise ValueError("host is empty: write the mail server's name")
        if bool(self.user) != bool(self.password):
            raise ValueError("user and password: set both or none")
        return self

    def check_sends(self, env: str) -> None:
        """Raise ConfigurationInvalid where no mail would reach anybody."""
        how = 'set kind = "smtp" with host, port, security and sender'
        if self.kind == NONE:
            raise ConfigurationInvalid(
                f'jobs.toml: [mail] names no server: {how}, or "directory" to try without one'
            )
        if self.kind == DIRECTORY and env == "prod":
            raise ConfigurationInvalid(
                f"jobs.toml: [mail] keeps mails in {self.directory} and sends none, which"
                f" --env=prod refuses: {how}"
            )

    @property
    def server(self) -> MailServer:
        return MailServer(
            host=self.host,
            port=self.port,
            security=self.security,
            user=self.user,
            password=self.password,
            ca_file=self.ca_file or None,
        )
