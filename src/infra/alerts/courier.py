"""Brings a letter to its owner's first channel that takes it, and never waits for long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from domain.errors import ConfigurationInvalid
from domain.operating.notices import Delivery, Letter, Receipt, State
from domain.operating.ports import Clock
from infra.alerts.channel import CHANNEL_SECONDS, Channel, NotDelivered
from infra.alerts.settings import Routes
from infra.secrets import scrub

TOTAL_SECONDS = 10.0
"""What all channels together may take from a run's end."""

LEAST_SECONDS = 0.5
"""With less than this left a channel is not asked any more."""

ANSWER_LENGTH = 300


class ChannelCourier:
    """One round of deliveries; its time begins with it."""

    def __init__(
        self,
        routes: Routes,
        channels: Mapping[str, Channel],
        clock: Clock,
        seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._routes, self._channels, self._clock = routes, channels, clock
        self._give_up = clock.monotonic() + seconds
        self._silent: set[str] = set()

    @property
    def has_time(self) -> bool:
        return self._left() > LEAST_SECONDS

    def deliver(self, letter: Letter) -> Delivery:
        """Ask the owner's channels in order; what none took is due again, with its receipts."""
        names = self._routes.owners.get(letter.notice.owner, ())
        receipts: list[Receipt] = []
        for receipt in self._answers(names, letter):
            receipts.append(receipt)
            if receipt.accepted:
                return Delivery(state=State.SENT, receipts=tuple(receipts))
        return Delivery(state=State.DUE if names else State.NO_CHANNEL, receipts=tuple(receipts))

    def try_every_channel(self, letter: Letter) -> Sequence[Receipt]:
        """Send by each of the owner's channels, to prove them."""
        return tuple(self._answers(self._routes.owners.get(letter.notice.owner, ()), letter))

    def _answers(self, names: Sequence[str], letter: Letter) -> Iterable[Receipt]:
        for name in names:
            if not self.has_time:
                return
            yield self._answer(name, letter)

    def _answer(self, name: str, letter: Letter) -> Receipt:
        """Ask in a thread: no library's own time limit covers a name server that hangs."""
        if name in self._silent:
            return self._receipt(name, accepted=False, answer="left out: it hung a moment ago")
        answers: SimpleQueue[Receipt] = SimpleQueue()
        asking = Thread(
            target=lambda: answers.put(self._asked(self._channels[name], letter)), daemon=True
        )
        asking.start()
        wait = min(CHANNEL_SECONDS, self._left())
        try:
            return answers.get(timeout=wait)
        except Empty:
            self._silent.add(name)
            return self._receipt(name, accepted=False, answer=f"no answer within {wait:.0f} s")

    def _asked(self, channel: Channel, letter: Letter) -> Receipt:
        try:
            return self._receipt(channel.name, accepted=True, answer=channel.send(letter))
        except (NotDelivered, ConfigurationInvalid) as error:
            return self._receipt(channel.name, accepted=False, answer=str(error))
        except Exception as error:  # noqa: BLE001 - whatever a channel's library meets, the next one must be asked
            answer = f"{type(error).__name__}: {error}"
            return self._receipt(channel.name, accepted=False, answer=answer)

    def _receipt(self, channel: str, *, accepted: bool, answer: str) -> Receipt:
        short = " ".join(scrub(answer).split())[:ANSWER_LENGTH]
        return Receipt(channel=channel, at=self._clock.now(), accepted=accepted, answer=short)

    def _left(self) -> float:
        return self._give_up - self._clock.monotonic()


def courier(routes: Routes, secrets: Path, clock: Clock) -> ChannelCourier:
    """Build every channel; none connects before a letter is brought to it."""
    channels = {name: _channel(name, routes, secrets) for name in routes.channels}
    return ChannelCourier(routes, channels, clock)


def _channel(name: str, routes: Routes, secrets: Path) -> Channel:
    values = routes.channels[name]
    if values["kind"] == "smtp":
        from infra.alerts.smtp import SmtpChannel

        return SmtpChannel(name, values, secrets, routes.impact_of)
    if values["kind"] == "alertmanager":
        from infra.alerts.alertmanager import AlertmanagerChannel

        return AlertmanagerChannel(name, values, routes.impact_of)
    from infra.alerts.apprise_url import AppriseChannel

    return AppriseChannel(name, values, secrets, routes.impact_of)
