"""The jobs and commands about the queue, built at their first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.operator_commands import OperatorCommands

if TYPE_CHECKING:
    from commands.cron.queue_clean import QueueClean
    from commands.cron.queue_process import QueueProcess
    from commands.ops.queue_types import QueueTypes


class QueueCommands(OperatorCommands):
    """A further part of the container, on the same adapters."""

    def queue_clean(self) -> QueueClean:
        from commands.cron.queue_clean import QueueClean
        from domain.cleaning.allowance import Allowance
        from domain.queue.cleaning import QueueCleaning
        from infra.queue_settings import queue_settings
        from infra.sql.queue.ended import SqlEndedMessages

        messages = SqlEndedMessages(self._engine, self._open_engine(read_only=True))
        settings = queue_settings(self.boot.root)
        allowance = Allowance(what="ended messages")
        cleaning = QueueCleaning(messages, settings.retention, allowance, settings.queues)
        return QueueClean(cleaning)

    def queue_types(self) -> QueueTypes:
        from commands.ops.queue_types import QueueTypes
        from kernel.message_types import MessageTypes, built_by

        return QueueTypes(MessageTypes(built_by(self)).declared())

    def queue_process(self) -> QueueProcess:
        from commands.cron.queue_process import QueueProcess
        from kernel.queue_process import QueueProcessWiring

        if self._run is None:
            raise TypeError("cron:queue:process is built within a run")
        grace = QueueProcess.contract.grace
        wiring = QueueProcessWiring(
            self.boot, self._run, lambda run: type(self)(self._env, run), grace
        )
        return QueueProcess(wiring.processing())
