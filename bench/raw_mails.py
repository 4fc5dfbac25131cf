"""The least that CR-003 could do: COUNT mails by smtplib over one connection to HOST PORT."""

from __future__ import annotations

import smtplib
import sys
from email.message import EmailMessage


def main() -> None:
    count, host, port = sys.argv[1:]
    with smtplib.SMTP(host, int(port)) as server:
        for number in range(int(count)):
            mail = EmailMessage()
            mail["From"], mail["To"] = "shop@shop.example", f"c{number}@shop.example"
            mail["Subject"] = f"Ihre Minishop-Lizenz {number} endet in 6 Tagen"
            mail.set_content("Guten Tag,\n\nIhre Lizenz gilt noch 6 Tage.\n" * 4)
            mail.add_alternative("<p>Ihre Lizenz gilt noch 6 Tage.</p>\n" * 4, subtype="html")
            server.send_message(mail)
    sys.stdout.write(f"{count} mails\n")


if __name__ == "__main__":
    main()
