"""The import as a data analyst writes it: read_csv, to_sql, and the same merge as the raw limit.

Run: python -m bench.by_pandas DATABASE FILE
"""

from __future__ import annotations

import sys
from contextlib import closing

import pandas as pd
from bench.raw_limit import connect, merge
from bench.tyre_file import ENCODING

_TEXTS = {"Artikelnr.": str, "EAN": str, "DOT": str}


def read(file: str) -> pd.DataFrame:
    frame = pd.read_csv(
        file,
        sep=";",
        encoding=ENCODING,
        decimal=",",
        dtype=_TEXTS,
        keep_default_na=False,
        usecols=[*_TEXTS, "Bestand", "EK netto"],
    )
    frame["price_cents"] = (frame.pop("EK netto") * 100).round().astype("int64")
    names = {"Artikelnr.": "article_no", "EAN": "ean", "DOT": "dot", "Bestand": "qty"}
    return frame.rename(columns=names)


def main() -> None:
    database, file = sys.argv[1:]
    with closing(connect(database)) as connection:
        read(file).to_sql("staged", connection, if_exists="replace", index=False)
        connection.execute("BEGIN IMMEDIATE")
        merge(connection, "main")
        connection.execute("DROP TABLE staged")
        connection.execute("COMMIT")


if __name__ == "__main__":
    main()
