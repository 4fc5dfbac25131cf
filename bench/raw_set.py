"""The simulator's files by hand, as a child: ``raw_set.py DATABASE FOLDER fill|write``."""

from __future__ import annotations

import csv
import sqlite3
import sys
from pathlib import Path

VEHICLES, FITMENTS, ARTICLES = 35_000, 110_000, 5_000

QUERIES = {
    "vehicles.csv": "SELECT vehicle_id, make, model, generation, year_from, year_to, engine"
    " FROM vehicle ORDER BY vehicle_id",
    "fitments.csv": "SELECT vehicle_id, axle, tyre_size, rim_width, rim_diameter, bolt_count,"
    " bolt_circle, centre_bore, offset_mm, is_original FROM vehicle_fitment ORDER BY fitment_id",
    "articles.csv": "SELECT id, ean, maker, maker_no, name FROM article ORDER BY id",
}


def fill(connection: sqlite3.Connection) -> None:
    connection.executemany(
        "INSERT INTO vehicle (vehicle_id, source, make, model, generation, year_from, year_to,"
        " engine, content_hash) VALUES (?, 'driveright', ?, ?, 'II', 2009, 2017, '1.6 TDI', 'h')",
        ((f"V{n:06}", f"Make {n % 48}", f"Model {n % 989}") for n in range(VEHICLES)),
    )
    connection.executemany(
        "INSERT INTO vehicle_fitment (fitment_id, vehicle_id, axle, tyre_size, rim_width,"
        " rim_diameter, bolt_count, bolt_circle, centre_bore, offset_mm, is_original, content_hash)"
        " VALUES (?, ?, 'both', ?, ?, ?, 5, 114.3, 66.1, 45, 1, 'h')",
        (
            (f"F{n:06}", f"V{n % VEHICLES:06}", f"205/{40 + n % 40}R16", 6 + n % 4 / 2, 15 + n % 5)
            for n in range(FITMENTS)
        ),
    )
    connection.executemany(
        "INSERT INTO article (id, ean, maker, maker_no, name) VALUES (?, ?, 'MAK', ?, ?)",
        ((n, f"{n:013}", f"F{n}", f"Wheel {n} silver") for n in range(1, ARTICLES + 1)),
    )
    connection.commit()


def write(connection: sqlite3.Connection, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, query in QUERIES.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(connection.execute(query))


def main() -> None:
    database, folder, what = sys.argv[1:]
    connection = sqlite3.connect(database)
    if what == "fill":
        fill(connection)
    else:
        write(connection, Path(folder))


if __name__ == "__main__":
    main()
