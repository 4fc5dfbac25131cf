"""What a whole run pays for its metrics: none, a textfile, a real Pushgateway on this machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from bench.private_shop import IMPORT, PrivateShop
from bench.table import Table
from bench.timing import PYTHON, ROOT, Variant, alternate, run

NOTHING, TEXTFILE, PUSHED = "no metrics", "textfile", "pushed to a Pushgateway"
_LINES = 1_000


def report(folder: Path, runs: int) -> Table:
    """Time one run with no news in all three ways, one after another in each round."""
    sys.path.append(str(ROOT / "tests"))
    from servers.private import private

    run([PYTHON, "-m", "compileall", "-q", "src"])
    shop = PrivateShop(folder / "publishing", _LINES)
    shop.make()
    shop.reset()
    run(IMPORT, shop.env)
    with private("pushgateway", folder) as gateway:
        found = alternate(
            [
                _variant(NOTHING, shop, textfile="", gateway=""),
                _variant(TEXTFILE, shop, textfile="var/metrics", gateway=""),
                _variant(PUSHED, shop, textfile="", gateway=gateway.url),
            ],
            runs,
            warm_up=2,
        )
    bare = found[NOTHING]
    table = Table("Metrics of a whole run, file unchanged", ("", "ms", "x without"))
    for name, series in found.items():
        table.add(name, f"{series.seconds * 1000:.1f}", f"{series.ratio_to(bare):.3f}")
    return table


def _variant(name: str, shop: PrivateShop, *, textfile: str, gateway: str) -> Variant:
    where: Mapping[str, str] = {
        "CRONTRACT_METRICS__TEXTFILE_DIRECTORY": textfile,
        "CRONTRACT_METRICS__PUSHGATEWAY_URL": gateway,
    }
    env = {**shop.env, **where}
    return Variant(name=name, argv=IMPORT, env=env, expect="unchanged", before=shop.deliver)
