"""Nobody works out a small count: an attacker who kept the public tables of three publications, and knows where nothing has changed.

The attack asks a linear program for each untold count how low and how high it can be, under every sum and every bound of what was told. It is
written from the files alone, apart from the code that makes them.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array

from tests.publish.county import FEEDS, KNOWN, deliver
from tests.small import sql_for
from warehouse import keys
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.monitor import build, build_order
from warehouse.publish import manifest, plan, public, publish
from warehouse.publish.public import protection

SMALLEST, BASE = 6, 3
# Of each village: households of two by poverty status (0 not exited, 3 returned, 1 and 4 exited), and people besides.
VILLAGES = {
    "210782004208": ({"0": 4, "3": 0, "1": 30, "4": 10}, 120),
    "210782004209": ({"0": 9, "3": 1, "1": 22, "4": 6}, 90),
    "210782004211": ({"0": 1, "3": 0, "1": 15, "4": 2}, 3),
    "210782102200": ({"0": 5, "3": 2, "1": 12, "4": 0}, 70),
    "210782102201": ({"0": 7, "3": 0, "1": 25, "4": 8}, 0),
}
# What came between the publications: so many households of a village from one status to another.
DELIVERIES = (
    ("2019-07-31", ("210782004208", "0", "1", 2), ("210782102201", "1", "3", 1)),
    ("2019-08-31", ("210782004209", "0", "1", 1), ("210782102200", "3", "0", 1), ("210782004211", "1", "4", 1)),
)
COVERAGE = {"应保": "due", "已保": "covered", "未保": "not_covered", "无数据": "no_data", "不适用": "not_applicable"}
HEADINGS = {
    "贫困状况": {
        "农村户籍人口": "rural_population", "名单上的建档立卡户": "listed_households", "贫困户": "poor_households",
        "建档立卡人口数": "listed_persons", "贫困人口": "poor_persons",
    },
    "脱贫状态": {
        "未脱贫人口": "not_exited_persons", "返贫人口": "returned_persons", "已脱贫（享受政策）": "exited_enjoying_persons",
        "已脱贫（不再享受）": "exited_released_persons", "脱贫属性不明人数": "unknown_count",
    },
    "保障覆盖（人）": COVERAGE,
    "保障覆盖（户）": COVERAGE,
}  # fmt: skip
MARTS = {
    "贫困状况": "SELECT *, '' AS dimension FROM mart.headcount",
    "脱贫状态": "SELECT *, '' AS dimension FROM mart.headcount WHERE area_level <> '村'",
    "保障覆盖（人）": "FROM mart.guarantee_coverage WHERE unit = '人' AND area_level <> '村'",
    "保障覆盖（户）": "FROM mart.guarantee_coverage WHERE unit = '户' AND area_level <> '村'",
}
# A whole, of another table too, and its parts; «余» is what is left of it, which nobody tells and nobody is to know either where it is small.
SUMS = {
    "贫困状况": (
        ("农村户籍人口", "贫困人口", "余"),
        ("名单上的建档立卡户", "贫困户", "余"),
        ("建档立卡人口数", "贫困人口", "余"),
    ),
    "脱贫状态": (
        ("贫困状况.贫困人口", "未脱贫人口", "返贫人口"),
        ("贫困状况.建档立卡人口数", *HEADINGS["脱贫状态"]),
    ),
    "保障覆盖（人）": (
        ("应保", "已保", "未保", "无数据"),
        ("应保", "已保", "余"),
        ("贫困状况.建档立卡人口数", "应保", "不适用"),
    ),
    "保障覆盖（户）": (
        ("应保", "已保", "未保", "无数据"),
        ("应保", "已保", "余"),
        ("贫困状况.名单上的建档立卡户", "应保", "不适用"),
    ),
}
# Table, area, part of the grouping, heading.
Cell = tuple[str, str, str, str]


def settle(con: duckdb.DuckDBPyConnection) -> None:
    """The county's registry and register of residents."""
    rows = [(code, status, number) for code, (many, _) in VILLAGES.items() for status, number in many.items()]
    con.execute("CREATE TEMP TABLE wanted (village_code VARCHAR, status VARCHAR, households INTEGER)")
    con.executemany("INSERT INTO wanted VALUES (?, ?, ?)", rows)
    con.execute(
        "CREATE TEMP TABLE settled AS SELECT village_code, status, row_number() OVER (ORDER BY village_code, status) AS number "
        "FROM wanted, range(households)"
    )
    open_ = f"DATE '2019-06-30', {OPEN_DATE}, TIMESTAMP '2019-07-01', {OPEN_TIME}"
    times = "valid_from, valid_to, recorded_from, recorded_to"
    con.execute(
        f"INSERT INTO core.registry_household (household_id, village_code, poverty_status_code, person_key, member_count, {times}) "
        f"SELECT 'H' || number, village_code, status, 2 * number, 2, {open_} FROM settled"
    )
    con.execute(
        f"INSERT INTO core.registry_person (person_id, household_id, person_key, sex_code, birth_date, relation_code, {times}) "
        f"SELECT 'P' || (2 * number + m), 'H' || number, 2 * number + m, '1', DATE '1950-01-01' + CAST(number * 97 AS INTEGER), '01', {open_} "
        "FROM settled, range(2) AS member(m)"
    )
    for code, (_, others) in VILLAGES.items():
        con.execute(
            f"INSERT INTO core.household_registration (person_key, village_code, birth_date, hukou_nature_code, sex_code, {times}) "
            f"SELECT 2 * number + m, village_code, DATE '1960-01-01', '1', '1', {open_} FROM settled, range(2) AS member(m) WHERE village_code = ? "
            f"UNION ALL SELECT {code} * 1000 + n, ?, DATE '1960-01-01', '1', '1', {open_} FROM range(?) AS other(n)",
            [code, code, others],
        )


def move(con: duckdb.DuckDBPyConnection, village: str, old: str, new: str, households: int) -> None:
    con.execute(
        "UPDATE core.registry_household SET poverty_status_code = ? WHERE household_id IN (SELECT household_id FROM core.registry_household "
        "WHERE village_code = ? AND poverty_status_code = ? ORDER BY household_id LIMIT ?)",
        [new, village, old, households],
    )


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """Three publications of the county with deliveries between them."""
    root, home = (
        sql_for(tmp_path_factory.mktemp("sql"), "mart.headcount", "mart.guarantee_coverage"),
        tmp_path_factory.mktemp("home"),
    )
    with duckdb.connect(config={"threads": 1}) as con, pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "build_order", partial(build_order, root))
        create_tables(con, FEEDS.values())
        settle(con)
        found = []
        for day, *moves in (("2019-06-30",), *DELIVERIES):
            for one in moves:
                move(con, *one)
            for feed in FEEDS:
                deliver(con, feed, day)
            build(con, FEEDS, root=root)
            found.append(home / "published" / publish(con, home, KNOWN)["snapshot_id"])
        yield found


def told(folder: Path) -> dict[Cell, str]:
    """What the CSV files say of every count."""
    found: dict[Cell, str] = {}
    for stem, headings in HEADINGS.items():
        with open(folder / f"{stem}.csv", encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                for heading in headings:
                    found[stem, row["区域代码"], row.get("保障项目", ""), heading] = row[heading]
    return found


def truth(snapshot: Path) -> dict[Cell, int]:
    """The same counts as the statisticians' marts have them."""
    found: dict[Cell, int] = {}
    with duckdb.connect(str(snapshot / "statistics.duckdb"), read_only=True) as con:
        for stem, source in MARTS.items():
            columns = ", ".join(HEADINGS[stem].values())
            for area, part, *counts in con.execute(
                f"SELECT area_code, dimension, {columns} FROM ({source})"
            ).fetchall():
                found |= {(stem, area, part, heading): n for heading, n in zip(HEADINGS[stem], counts, strict=True)}
    return found


def sums(counts: dict[Cell, int]) -> list[list[Cell]]:
    """Every whole with its parts that an attacker can know of; what is left is added to ``counts``."""
    found = []
    for stem, area, part, heading in list(counts):
        for number, (whole, *parts) in enumerate(SUMS[stem]):
            if heading == parts[0]:
                table, _, name = whole.rpartition(".")
                top = (table, area, "", name) if table else (stem, area, part, name)
                cells = [(stem, area, part, f"余{number}" if one == "余" else one) for one in parts]
                counts.setdefault(cells[-1], counts[top] - counts[cells[0]])
                found.append([top, *cells])
        below = [cell for cell in counts if (cell[0], *cell[2:]) == (stem, part, heading) and cell[1][:-3] == area]
        if below:
            found.append([(stem, area, part, heading), *below])
    return found


def attack(
    publications: list[tuple[dict[Cell, str], dict[Cell, int]]], slack: int = BASE - 1
) -> dict[Cell, tuple[float, float]]:
    """The untold counts of which the attacker learns more than that they are below SMALLEST: cell → lowest and highest value.

    A count that is the same in two publications is one unknown in both.
    """
    known: dict[tuple[Cell, int], int] = {}
    low, high, secret, equations = [], [], [], set()
    for said, counts in publications:
        wholes = sums(counts)
        for cell, n in counts.items():
            if (cell, n) not in known:
                known[cell, n] = len(known)
                low.append(0.0)
                high.append(1e5)
                secret.append(cell in said or n < SMALLEST)
            here, text = known[cell, n], said.get(cell, "*")
            if text != "*":
                low[here], high[here] = max(low[here], int(text) - slack, SMALLEST), min(high[here], int(text) + slack)
                secret[here] = False
        for whole, *parts in wholes:
            assert counts[whole] == sum(counts[part] for part in parts)
            equations.add((known[whole, counts[whole]], *sorted(known[part, counts[part]] for part in parts)))
    matrix = np.zeros((len(equations), len(known)))
    for row, (total, *terms) in enumerate(sorted(equations)):
        matrix[row, total] = -1
        matrix[row, terms] = 1
    lower, upper, values, is_secret = (
        np.array(low),
        np.array(high),
        np.array([n for _, n in known], float),
        np.array(secret),
    )
    assert np.all(lower <= values) and np.all(values <= upper), "what is told is true"
    lowest, highest = values, values

    def reach(cost: np.ndarray, near: float = np.inf) -> None:
        """One more solution: it shows of every count how far it may go."""
        nonlocal lowest, highest
        bounds = np.column_stack([np.maximum(lower, values - near), np.minimum(upper, values + near)])
        solved = linprog(cost, A_eq=csr_array(matrix), b_eq=np.zeros(len(equations)), bounds=bounds).x
        lowest, highest = np.minimum(lowest, solved), np.maximum(highest, solved)

    def narrow() -> np.ndarray:
        return is_secret & (highest - lowest < SMALLEST - 1 - 1e-6)

    for signs in np.random.default_rng(1).choice((-1, 1), (12, len(known))):
        reach(signs * narrow(), near=SMALLEST)
    for one in np.flatnonzero(narrow()):
        for sign in (1, -1):
            if narrow()[one]:
                reach(sign * (np.arange(len(known)) == one))
    return {cell: (lowest[one], highest[one]) for (cell, _), one in known.items() if narrow()[one]}


def publications(snapshots: list[Path]) -> list[tuple[dict[Cell, str], dict[Cell, int]]]:
    return [(told(snapshot / "public"), truth(snapshot)) for snapshot in snapshots]


def test_three_publications_give_no_small_count_away(snapshots) -> None:
    kept = publications(snapshots)
    assert len({tuple(sorted(said.items())) for said, _ in kept}) == 3
    for said, counts in kept:
        shown = {cell: int(text) for cell, text in said.items() if text not in ("", "*")}
        assert len(shown) > 40 and {cell for cell, n in counts.items() if n < SMALLEST} & set(shown) == set()
        assert all(value % BASE == 0 and abs(value - counts[cell]) < BASE for cell, value in shown.items())
        # Not only small counts are untold.
        assert any(text == "*" and counts[cell] >= SMALLEST for cell, text in said.items())
    assert attack(kept) == {}


def anew(snapshots: list[Path], base: Path) -> list[tuple[dict[Cell, str], dict[Cell, int]]]:
    """The public tables of the same marts once more, each made as if it were the first."""
    for snapshot in snapshots:
        (base / snapshot.name).mkdir()
        (base / snapshot.name / "parquet").symlink_to(snapshot / "parquet")
        head = manifest.read(snapshot) or {}
        public.write(base / snapshot.name, base, dt.date.fromisoformat(head["as_of"]), head["tables"], "another key")
    return [(told(base / snapshot.name / "public"), truth(snapshot)) for snapshot in snapshots]


def test_the_attack_finds_small_counts_where_only_they_are_untold(snapshots, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(protection, "protect", lambda system: True)
    ((said, counts),) = anew(snapshots[:1], tmp_path)
    found = attack([(said, counts)])
    assert found and all(lowest <= counts[cell] <= highest for cell, (lowest, highest) in found.items())
    # Without rounding it would know some of them to the man.
    exact = {cell: str(counts[cell]) if text not in ("", "*") else text for cell, text in said.items()}
    assert any(highest - lowest < 1e-6 for lowest, highest in attack([(exact, counts)], slack=0).values())


def test_nor_is_a_publication_safe_that_has_forgotten_the_former_ones(snapshots, tmp_path) -> None:
    kept = anew(snapshots, tmp_path)
    assert attack(kept[-1:]) == {}
    assert attack(kept) != {}


def test_what_was_untold_stays_untold_and_the_same_count_is_told_alike(snapshots) -> None:
    kept = publications(snapshots)
    for (before, then), (after, now) in itertools.pairwise(kept):
        untold = [{cell for cell, text in said.items() if text == "*"} for said in (before, after)]
        assert untold[0] <= untold[1]
        both = {cell for cell in then if then[cell] == now.get(cell) and "*" not in (before.get(cell), after.get(cell))}
        assert len(both) > 20 and all(before[cell] == after[cell] for cell in both if cell in before)


def test_tables_of_the_same_marts_are_not_made_again(snapshots, tmp_path) -> None:
    base, head = snapshots[-1].parent, manifest.read(snapshots[-1]) or {}
    (tmp_path / "parquet").symlink_to(snapshots[-1] / "parquet")
    public.write(
        tmp_path,
        base,
        dt.date.fromisoformat(head["as_of"]),
        head["tables"],
        keys.secret("publication_key", base.parent),
    )
    assert all(path.samefile(snapshots[-1] / "public" / path.name) for path in (tmp_path / "public").iterdir())
    assert len(list((tmp_path / "public").iterdir())) == len(HEADINGS) + 1
