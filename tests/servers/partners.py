"""OpenSSH's sftp-server and vsftpd, as partners run them; neither needs root."""

from __future__ import annotations

import getpass
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from servers.certificate import certificate
from servers.finding import Found
from servers.server import Server, answers, free_port


@dataclass
class Sshd:
    """Takes one user's public key; the host has a key of each kind."""

    key: str
    kinds: Sequence[str] = ("ed25519", "ecdsa")
    ending: signal.Signals = signal.SIGTERM
    drops_root: bool = True

    def prepare(self, found: Found, server: Server) -> None:
        keys = server.folder("keys")
        for kind in self.kinds:
            command = ("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(keys / kind))
            subprocess.run(command, check=True)
            _give(keys / kind, server)
        (keys / "authorized").write_text(self.key, "utf-8")
        _give(keys / "authorized", server)
        server.folder("files")

    def command(self, found: Found, server: Server) -> Sequence[str]:
        keys = server.data / "keys"
        lines = (
            *(f"ListenAddress {server.host}", f"Port {server.port}", "PidFile none"),
            *(f"HostKey {keys / kind}" for kind in self.kinds),
            *(f"AuthorizedKeysFile {keys / 'authorized'}", "PasswordAuthentication no"),
            *("UsePAM yes", "StrictModes no", "Subsystem sftp internal-sftp"),
            f"ForceCommand internal-sftp -d {server.data / 'files'}",
        )
        config = server.data / "sshd_config"
        config.write_text("\n".join([*lines, ""]), "utf-8")
        config.chmod(0o644)
        return [str(found.program), "-D", "-e", "-f", str(config)]

    def ready(self, server: Server) -> bool:
        return answers(server, b"", b"SSH-2.0-OpenSSH")

    def url(self, server: Server) -> str:
        return f"sftp://{account(server)}@{server.host}:{server.port}"


@dataclass
class Vsftpd:
    """TLS for everything, and the login's session on each data connection: its defaults."""

    ending: signal.Signals = signal.SIGTERM
    drops_root: bool = True

    def prepare(self, found: Found, server: Server) -> None:
        shown = certificate(server.data)
        for file in (shown.file, shown.key):
            _give(file, server)
        (server.data / "files").mkdir(mode=0o555)
        server.folder("files/in")
        server.folder("empty")

    def command(self, found: Found, server: Server) -> Sequence[str]:
        shown, low = certificate(server.data), free_port()
        config_text = f"""
            listen=YES
            listen_address={server.host}
            listen_port={server.port}
            background=NO
            run_as_launching_user=YES
            seccomp_sandbox=NO
            secure_chroot_dir={server.data / "empty"}
            nopriv_user={account(server)}
            anonymous_enable=YES
            local_enable=NO
            ftp_username={account(server)}
            anon_root={server.data / "files"}
            anon_upload_enable=YES
            anon_other_write_enable=YES
            anon_world_readable_only=NO
            anon_umask=022
            write_enable=YES
            pasv_address={server.host}
            pasv_min_port={low}
            pasv_max_port={low + 40}
            ssl_enable=YES
            allow_anon_ssl=YES
            force_anon_logins_ssl=YES
            force_anon_data_ssl=YES
            require_ssl_reuse=YES
            ssl_ciphers=HIGH
            rsa_cert_file={shown.file}
            rsa_private_key_file={shown.key}
            xferlog_enable=NO
        """
        config = server.data / "vsftpd.conf"
        config.write_text(dedent(config_text), "utf-8")
        _give(config, server)
        return [str(found.program), str(config)]

    def ready(self, server: Server) -> bool:
        return answers(server, b"", b"220 ")

    def url(self, server: Server) -> str:
        return f"ftp://{server.host}:{server.port}"


def account(server: Server) -> str:
    """Name the user that the server runs as, who is the only one to log in."""
    uid = server.account.get("user")
    return getpass.getuser() if uid is None else pwd.getpwuid(uid).pw_name


def _give(path: Path, server: Server) -> None:
    if server.account:
        shutil.chown(path, server.account["user"], server.account["group"])
    path.chmod(0o600)
