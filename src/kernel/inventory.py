"""Every command in one static table: the table of contents of the product.

Nothing is imported here, so that the list, help, completion and typing errors are answered at
once. A test holds each line to the class it names.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Entry:
    """One command: how it is typed, where its class is (None: the console itself), what it does."""

    __slots__ = ("covers", "formats", "name", "summary", "target")

    def __init__(
        self,
        name: str,
        target: str | None,
        summary: str,
        covers: tuple[str, ...] = (),
        formats: tuple[str, ...] = ("text", "json"),
    ) -> None:
        self.name, self.target, self.summary, self.covers = name, target, summary, covers
        self.formats = formats

    def load(self) -> Any:
        """Import the class that the target names."""
        return _loaded(str(self.target))

    @property
    def is_job(self) -> bool:
        """Tell a scheduled job, which runs under a contract, from what people type."""
        return self.name.startswith("cron:")


class Message:
    """One message type: its name, where its class is, the names of the legacy side for it."""

    __slots__ = ("legacy", "name", "summary", "target")

    def __init__(self, name: str, target: str, summary: str, legacy: tuple[str, ...] = ()) -> None:
        self.name, self.target, self.summary, self.legacy = name, target, summary, legacy

    def load(self) -> Any:
        """Import the class that the target names."""
        return _loaded(self.target)


def _loaded(target: str) -> Any:
    from importlib import import_module

    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


COMMANDS: tuple[Entry, ...] = (
    Entry(
        "cron:images:enqueue-batches",
        "commands.cron.images_enqueue_batches:ImagesEnqueueBatches",
        "Enqueue article image batches",
        ("CR-001",),
    ),
    Entry(
        "cron:stock:export",
        "commands.cron.stock_export:StockExport",
        "Export stock to platforms and customers",
        ("CR-002",),
    ),
    Entry(
        "cron:customers:notify-license-expiration",
        "commands.cron.customers_notify_license_expiration:CustomersNotifyLicenseExpiration",
        "Remind customers 14, 7 and 1 days before a licence ends",
        ("CR-003",),
    ),
    Entry(
        "cron:dwh:update-counters",
        "commands.cron.dwh_update_counters:DwhUpdateCounters",
        "Update the page hit counters",
        ("CR-004",),
    ),
    Entry(
        "cron:queue:clean",
        "commands.cron.queue_clean:QueueClean",
        "Delete old processed queue rows",
        ("CR-005",),
    ),
    Entry(
        "cron:queue:process",
        "commands.cron.queue_process:QueueProcess",
        "Process the general queue",
        ("CR-006",),
    ),
    Entry(
        "cron:logs:clean",
        "commands.cron.logs_clean:LogsClean",
        "Delete old update log rows",
        ("CR-007",),
    ),
    Entry(
        "cron:platform:pull-orders",
        "commands.cron.platform_pull_orders:PlatformPullOrders",
        "Pull orders from the platforms",
        ("CR-008",),
    ),
    Entry(
        "cron:suppliers:import-stock",
        "commands.cron.suppliers_import_stock:SuppliersImportStock",
        "Import supplier stock, every active supplier or one",
        ("CR-009", "CR-010"),
    ),
    Entry(
        "cron:system:clean-data",
        "commands.cron.system_clean_data:SystemCleanData",
        "Clean the article search caches",
        ("CR-011",),
    ),
    Entry(
        "cron:driveright:sync",
        "commands.cron.driveright_sync:DriverightSync",
        "Synchronise the vehicle data",
        ("CR-012",),
    ),
    Entry(
        "cron:simulator:send-mak-files",
        "commands.cron.simulator_send_mak_files:SimulatorSendMakFiles",
        "Send the wheel simulator's files",
        ("CR-013",),
    ),
    Entry(
        "cron:sessions:purge",
        "commands.cron.sessions_purge:SessionsPurge",
        "Remove expired session files",
        ("CR-014",),
    ),
    Entry("alert:flush", "commands.ops.alert:AlertFlush", "Send the notices that wait, now"),
    Entry("alert:test", "commands.ops.alert:AlertTest", "Prove the ways to a job's owners"),
    Entry("config:check", "commands.ops.config:ConfigCheck", "Check every setting at once"),
    Entry(
        "contract:lint",
        "commands.ops.contract:ContractLint",
        "Check all contracts together",
        formats=("text", "json", "sarif"),
    ),
    Entry("contract:show", "commands.ops.contract:ContractShow", "Show what a job declares"),
    Entry("db:migrate", "commands.ops.db:DbMigrate", "Create or update the database"),
    Entry("db:status", "commands.ops.db:DbStatus", "Show the database and its schema version"),
    Entry("doctor", "commands.ops.doctor:Doctor", "Check everything that a run needs"),
    Entry("exports:list", "commands.ops.exports:ExportsList", "List the exports"),
    Entry("exports:load", "commands.ops.exports:ExportsLoad", "Load exports and price groups"),
    Entry("exports:show", "commands.ops.exports:ExportsShow", "Print an export as TOML"),
    Entry(
        "incidents:ack", "commands.ops.incidents:IncidentsAck", "Take an incident on: no reminders"
    ),
    Entry("incidents:list", "commands.ops.incidents:IncidentsList", "List the open incidents"),
    Entry(
        "incidents:show",
        "commands.ops.incidents:IncidentsShow",
        "Show an incident with its notices and receipts",
    ),
    Entry("jobs:list", "commands.ops.jobs:JobsList", "List the jobs with their contracts"),
    Entry("jobs:pause", "commands.ops.jobs:JobsPause", "Pause a job"),
    Entry("jobs:resume", "commands.ops.jobs:JobsResume", "Resume a paused job"),
    Entry("lock:break", "commands.ops.lock:LockBreak", "Take a lock away from its holder"),
    Entry("lock:list", "commands.ops.lock:LockList", "List the locks held now"),
    Entry("make:job", "commands.ops.make:MakeJob", "Write the files of a new scheduled job"),
    Entry(
        "metrics:declare",
        "commands.ops.metrics:MetricsDeclare",
        "Begin the counters of every declared schedule at zero",
    ),
    Entry(
        "metrics:push",
        "commands.ops.metrics:MetricsPush",
        "Publish a job's metrics, or all, from the ledger",
    ),
    Entry("metrics:show", "commands.ops.metrics:MetricsShow", "Print the metrics as published"),
    Entry("orders:list", "commands.ops.orders:OrdersList", "List what came from the platforms"),
    Entry(
        "orders:requeue",
        "commands.ops.orders:OrdersRequeue",
        "Queue orders in quarantine once more",
    ),
    Entry(
        "orders:show", "commands.ops.orders:OrdersShow", "Show an order as its platform wrote it"
    ),
    Entry("pagehits:load", "commands.ops.pagehits:PagehitsLoad", "Load page hits from a web log"),
    Entry(
        "partners:check",
        "commands.ops.partners:PartnersCheck",
        "Connect to a partner and list its folder",
    ),
    Entry("partners:list", "commands.ops.partners:PartnersList", "List the partners"),
    Entry("platforms:list", "commands.ops.platforms:PlatformsList", "List the platforms"),
    Entry(
        "platforms:load",
        "commands.ops.platforms:PlatformsLoad",
        "Load platforms from a TOML file",
    ),
    Entry("platforms:show", "commands.ops.platforms:PlatformsShow", "Print a platform's setting"),
    Entry("queue:cancel", "commands.ops.queue_change:QueueCancel", "Give up messages that wait"),
    Entry("queue:enqueue", "commands.ops.queue_enqueue:QueueEnqueue", "Write a message by hand"),
    Entry("queue:list", "commands.ops.queue_look:QueueList", "List messages of the queue"),
    Entry("queue:own", "commands.ops.queue_pause:QueueOwn", "Say which side works a queue off"),
    Entry("queue:pause", "commands.ops.queue_pause:QueuePause", "Pause a queue or a message type"),
    Entry(
        "queue:prioritize",
        "commands.ops.queue_change:QueuePrioritize",
        "Move waiting messages up or down",
    ),
    Entry(
        "queue:reset",
        "commands.ops.queue_change:QueueReset",
        "Make crashed messages new, one or all of an error",
    ),
    Entry("queue:resume", "commands.ops.queue_pause:QueueResume", "Resume a paused queue"),
    Entry("queue:show", "commands.ops.queue_look:QueueShow", "Show a message with its history"),
    Entry("queue:status", "commands.ops.queue_status:QueueStatus", "Sum the queues up"),
    Entry("queue:types", "commands.ops.queue_types:QueueTypes", "List the message types"),
    Entry("runs:list", "commands.ops.runs:RunsList", "List runs, the newest first"),
    Entry("runs:show", "commands.ops.runs:RunsShow", "Show one run with the tail of its log"),
    Entry("shop:load-sample", "commands.ops.shop:ShopLoadSample", "Load the small sample shop"),
    Entry(
        "suppliers:inspect",
        "commands.ops.suppliers:SuppliersInspect",
        "Guess a supplier file's form and print a settings fragment",
    ),
    Entry("suppliers:list", "commands.ops.suppliers:SuppliersList", "List the import settings"),
    Entry(
        "suppliers:load",
        "commands.ops.suppliers:SuppliersLoad",
        "Load import settings from a TOML file",
    ),
    Entry(
        "suppliers:rejects",
        "commands.ops.suppliers:SuppliersRejects",
        "List the lines that a supplier's last import could not read",
    ),
    Entry(
        "suppliers:review",
        "commands.ops.suppliers:SuppliersReview",
        "List a supplier's articles that wait to be matched",
    ),
    Entry("suppliers:show", "commands.ops.suppliers:SuppliersShow", "Print an import setting"),
)

MESSAGES: tuple[Message, ...] = (
    Message(
        "images.update",
        "commands.messages.images_update:ImagesUpdate",
        "Fetch article images and make their renditions",
        ("UpdatingImagesController::updateImages",),
    ),
    Message(
        "orders.process",
        "commands.messages.orders_process:OrdersProcess",
        "Make the shop's order of one that a platform gave",
    ),
)
"""Every message type of the queue, see docs/tutorial/first-message.md."""

BUILT_IN: tuple[Entry, ...] = (
    Entry("completion", None, "Print the completion script for bash, zsh or fish"),
    Entry("help", None, "Show the help of a command"),
    Entry("list", None, "List the commands"),
)
"""What the console answers itself, without loading anything."""
