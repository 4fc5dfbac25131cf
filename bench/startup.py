"""What every firing of cron pays: the console's answers, a refused overlap, a run with no news."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.private_shop import IMPORT, PrivateShop
from bench.table import Table, against, megabytes
from bench.timing import (
    CONSOLE,
    PYTHON,
    Series,
    Variant,
    WrongAnswer,
    alternate,
    clean_environment,
    peak_of_parent,
    run,
)

BARE = "python -c pass"
SYMFONY = "Symfony's console: list"
LISTING, VERSION = "bin/console list", "bin/console --version"
TYPO, COMPLETION = "a typing error", "completion of a word"
REFUSED, NO_NEWS = "an overlap refused", "a whole run, file unchanged"

_SYMFONY_AUTOLOAD = Path("/usr/share/php/Symfony/Component/Console/autoload.php")
_BARS = {LISTING: 3.5, VERSION: 3.5, TYPO: 3.5, COMPLETION: 3.5, REFUSED: 8.0, NO_NEWS: 45.0}
_MOST_PARENT_BYTES = 60_000_000
_LINES, _BUSY_LINES = 1_000, 100_000

# Forty commands behind a lazy loader: how a Symfony application of this size is built.
_SYMFONY_CONSOLE = """\
<?php require '%s';
use Symfony\\Component\\Console\\{Application, Command\\Command};
use Symfony\\Component\\Console\\CommandLoader\\FactoryCommandLoader;
use Symfony\\Component\\Console\\Input\\{InputInterface, InputOption};
use Symfony\\Component\\Console\\Output\\OutputInterface;
class Job extends Command {
    protected function configure() {
        $this->addOption('supplier', null, InputOption::VALUE_OPTIONAL, 'Which', 1)
            ->addOption('dry-run')->setDescription('A command');
    }
    protected function execute(InputInterface $input, OutputInterface $output): int { return 0; }
}
$factories = [];
for ($i = 0; $i < 40; $i++) {
    $factories["cron:job$i"] = function () use ($i) { return new Job("cron:job$i"); };
}
$console = new Application();
$console->setCommandLoader(new FactoryCommandLoader($factories));
$console->run();
"""


def report(folder: Path, runs: int) -> Table:
    """Time all ways in, one after another in each round."""
    run([PYTHON, "-m", "compileall", "-q", "src"])  # as bin/setup leaves it
    idle, busy = _shop(folder / "idle", _LINES), _shop(folder / "busy", _BUSY_LINES)
    no_news = _import(NO_NEWS, idle, before=idle.deliver, expect="unchanged")
    with held_lock(busy):
        refused = _import(REFUSED, busy, before=busy.forget_skips, expect="skipped_locked")
        variants = [*_answers(), *_symfony(folder), refused, no_news]
        found = alternate(variants, runs, warm_up=2)
    return _table(found, peak_of_parent(no_news))


def _shop(folder: Path, lines: int) -> PrivateShop:
    """A shop that has imported its file."""
    shop = PrivateShop(folder, lines)
    shop.make()
    shop.reset()
    run(IMPORT, shop.env)
    return shop


@contextmanager
def held_lock(shop: PrivateShop) -> Iterator[None]:
    """A real run that holds the supplier's lock, stopped by a signal while it works."""
    shop.deliver()
    with subprocess.Popen(
        [*IMPORT, "--update-anyway"],
        env=clean_environment() | dict(shop.env),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as holder:
        try:
            while not _holds_a_lock(holder.pid, shop.locks):
                if holder.poll() is not None:
                    raise WrongAnswer("the run that should hold the lock ended")
                time.sleep(0.005)
            time.sleep(0.2)  # past its own first notes in the database, well before its end
            holder.send_signal(signal.SIGSTOP)
            yield
        finally:
            holder.kill()


def _holds_a_lock(pid: int, folder: Path) -> bool:
    """The kernel knows; trying the file would be in the holder's way."""
    inodes = {str(path.stat().st_ino) for path in folder.glob("*.lock")}
    locks = [line.split() for line in Path("/proc/locks").read_text("ascii").splitlines()]
    return any(lock[4] == str(pid) and lock[5].split(":")[2] in inodes for lock in locks)


def _answers() -> list[Variant]:
    typed = ["_complete", "--", "bin/console cron:s"]
    listed = "cron:suppliers:import-stock"
    return [
        Variant(name=BARE, argv=[PYTHON, "-c", "pass"]),
        Variant(name=LISTING, argv=[CONSOLE, "list"], expect=listed),
        Variant(name=VERSION, argv=[CONSOLE, "--version"], expect="Crontract"),
        Variant(name=TYPO, argv=[CONSOLE, "cron:supliers"], exit_code=2, expect=listed),
        Variant(name=COMPLETION, argv=[CONSOLE, *typed], expect=listed),
    ]


def _symfony(folder: Path) -> list[Variant]:
    if not (shutil.which("php") and _SYMFONY_AUTOLOAD.exists()):
        return []
    console = folder / "console.php"
    console.write_text(_SYMFONY_CONSOLE % _SYMFONY_AUTOLOAD, "utf-8")
    return [Variant(name=SYMFONY, argv=["php", str(console), "list"], expect="cron:job39")]


def _import(
    name: str, shop: PrivateShop, *, expect: str, before: Callable[[], None] = lambda: None
) -> Variant:
    return Variant(name=name, argv=IMPORT, env=shop.env, expect=expect, before=before)


def _table(found: Mapping[str, Series], parent_bytes: int) -> Table:
    bare, symfony = found[BARE], found.get(SYMFONY)
    table = Table("Start-up", ("", "ms", "x bare", "x Symfony", "peak MB", "bar (x bare)"))
    for name, series in found.items():
        if series.trouble:
            table.notes.append(f"not measured: {series.trouble}")
            continue
        ratio, bar = series.ratio_to(bare), _BARS.get(name)
        table.add(
            name,
            f"{series.seconds * 1000:.1f}",
            f"{ratio:.2f}",
            f"{series.ratio_to(symfony):.2f}" if symfony else "-",
            megabytes(series.rss_bytes),
            against(ratio, bar) if bar else "",
        )
    table.notes.append(_parent_note(parent_bytes))
    if symfony is None:
        table.notes.append("Symfony's console is missing: install php-cli, php-symfony-console")
    return table


def _parent_note(parent_bytes: int) -> str:
    verdict = "met" if parent_bytes <= _MOST_PARENT_BYTES else "MISSED"
    return (
        f"supervisor alone, in a run with no news: peak {megabytes(parent_bytes)} MB "
        f"(bar 60: {verdict}); the peaks above are of the largest process of each run"
    )
