"""History told in deliveries: the whole table is asserted after each one."""

from __future__ import annotations

import datetime as dt
import itertools

import duckdb
import pytest

from connectors.feed import Column, Feed
from expectations import normalise
from warehouse import identity
from warehouse.history import merge as history
from warehouse.history import schema
from warehouse.history.deliveries import Delivery, coverage_of

OPEN = dt.date(9999, 12, 31)


def day(text):
    return dt.date.fromisoformat(text)


def make_feed(tmp_path, mode):
    return Feed(
        name="housing", department="zhujian", department_title="", title="", grain="", mode=mode, key=("report_no",), subject=(),
        person_number=None, schedule="", freshness_days=31, legal_basis="", purpose="", as_of_column=None, source={},
        columns=(
            Column("report_no", "text", ("编号",), required=True),
            Column("head_name", "name", ("户主",)),
            Column("grade", "text", ("等级",)),
        ),
        path=tmp_path / "housing.toml",
    )  # fmt: skip


class Warehouse:
    """A warehouse in memory that takes deliveries {report_no: grade}."""

    def __init__(self, feed):
        self.feed = feed
        self.con = duckdb.connect()
        normalise.install(self.con)
        identity.install(self.con, "k" * 16)
        schema.create_tables(self.con, [feed])
        self.loads = itertools.count(1)
        self.merged = {}

    def _recorded(self, load):
        return f"2026-01-01 00:00:{load:02d}"

    def deliver(self, as_of, rows, *, partial=False, refused=(), received=None):
        load = next(self.loads)
        batch, file, bad = f"b{load:02d}", f"file{load}", f"bad{load}"
        self.con.execute(
            f"CREATE TEMP TABLE {file} (_row BIGINT, report_no VARCHAR, head_name VARCHAR, grade VARCHAR, _hash UBIGINT)"
        )
        for number, (key, grade) in enumerate([*rows.items(), *((key, grade) for key, grade in refused)], start=2):
            name = f"户{key}" if key else "户甲"
            self.con.execute(
                f"INSERT INTO {file} VALUES (?, ?, ?, ?, hash(?, ?))", [number, key, name, grade, key, grade]
            )
        self.con.execute(f"CREATE TEMP TABLE {bad} AS SELECT _row FROM {file} WHERE _row > {len(rows) + 1}")
        delivery = Delivery(
            self.feed,
            batch,
            file,
            bad if refused else None,
            frozenset({"report_no", "head_name", "grade"}),
            as_of,
            received or f"{load:02d}",
            coverage_of(self.feed, partial),
        )
        self.con.execute("BEGIN")
        counts = history.merge(self.con, delivery, self._recorded(load), len(rows), lambda: list(self.merged.values()))
        self.con.execute(
            "INSERT INTO ops.batch (batch_id, feed, state, as_of) VALUES (?, 'housing', 'merged', ?)", [batch, as_of]
        )
        self.con.execute("COMMIT")
        self.merged[batch] = delivery
        return counts

    def believed(self):
        return self.con.execute(
            "SELECT report_no, grade, valid_from, valid_to FROM core.housing WHERE recorded_to = TIMESTAMP '9999-12-31' ORDER BY ALL"
        ).fetchall()

    def as_of(self, date):
        return dict(
            self.con.execute(
                "SELECT report_no, grade FROM core.housing WHERE recorded_to = TIMESTAMP '9999-12-31' "
                f"AND valid_from <= DATE '{date}' AND valid_to > DATE '{date}'"
            ).fetchall()
        )


@pytest.fixture
def snapshots(tmp_path):
    return Warehouse(make_feed(tmp_path, "snapshot"))


def test_a_snapshot_feed_told_in_eight_deliveries(snapshots):
    house = snapshots
    assert house.deliver("2019-01-31", {"甲": "C", "乙": "A"}) == {
        "rows_inserted": 2,
        "rows_ended": 0,
        "rows_unchanged": 0,
    }

    # 2: 甲 changes, 乙 stays.
    assert house.deliver("2019-02-28", {"甲": "D", "乙": "A"}) == {
        "rows_inserted": 1,
        "rows_ended": 1,
        "rows_unchanged": 1,
    }
    assert house.believed() == [
        ("乙", "A", day("2019-01-31"), OPEN),
        ("甲", "C", day("2019-01-31"), day("2019-02-28")),
        ("甲", "D", day("2019-02-28"), OPEN),
    ]

    # 3: 乙 is absent: its fact ends.  4: it returns.
    house.deliver("2019-03-31", {"甲": "D"})
    assert house.as_of("2019-03-31") == {"甲": "D"}
    house.deliver("2019-04-30", {"甲": "D", "乙": "A"})
    assert house.as_of("2019-04-30") == {"甲": "D", "乙": "A"}
    assert house.as_of("2019-03-15") == {"甲": "D", "乙": "A"}

    # 5: the same content again changes nothing.
    before = house.believed()
    assert house.deliver("2019-05-31", {"甲": "D", "乙": "A"})["rows_unchanged"] == 2
    assert house.believed() == before

    # 6: a late file for mid-February splices in and leaves the present alone.
    house.deliver("2019-02-15", {"甲": "B", "乙": "A"})
    assert house.as_of("2019-02-14") == {"甲": "C", "乙": "A"}
    assert house.as_of("2019-02-20") == {"甲": "B", "乙": "A"}
    assert house.as_of("2019-02-28") == {"甲": "D", "乙": "A"}

    # 7: a partial delivery ends nothing.
    house.deliver("2019-05-31", {"甲": "A"}, partial=True)
    assert house.as_of("2019-06-01") == {"甲": "A", "乙": "A"}

    # 8: the file of February is sent again, corrected: what was known before stays readable.
    house.deliver("2019-02-28", {"甲": "C", "乙": "A"})
    assert house.as_of("2019-03-01") == {"甲": "C", "乙": "A"}
    known = house.con.execute(
        "SELECT grade FROM core.housing WHERE report_no = '甲' AND valid_from <= DATE '2019-03-01' AND valid_to > DATE '2019-03-01' "
        "AND recorded_from <= TIMESTAMP '2026-01-01 00:00:07' AND recorded_to > TIMESTAMP '2026-01-01 00:00:07'"
    ).fetchall()
    assert known == [("D",)]


def test_every_order_of_the_same_snapshots_ends_in_the_same_belief(tmp_path):
    files = [
        ("2019-01-31", {"甲": "C"}),
        ("2019-02-28", {"甲": "D", "乙": "A"}),
        ("2019-03-31", {"乙": "A"}),
        ("2019-04-30", {"甲": "D", "乙": "A"}),
    ]
    ends = set()
    for order in itertools.permutations(files):
        house = Warehouse(make_feed(tmp_path, "snapshot"))
        for as_of, rows in order:
            house.deliver(as_of, rows)
        ends.add(tuple(house.believed()))
    assert len(ends) == 1


def test_intervals_of_one_key_never_overlap_whatever_arrives(tmp_path):
    house = Warehouse(make_feed(tmp_path, "snapshot"))
    for as_of, rows in [
        ("2019-03-31", {"甲": "A"}),
        ("2019-01-31", {"甲": "B"}),
        ("2019-02-28", {"甲": "A"}),
        ("2019-02-28", {}),
        ("2019-02-28", {"甲": "A"}),
    ]:
        house.deliver(as_of, rows)
        overlaps = house.con.execute(
            "SELECT count(*) FROM core.housing a JOIN core.housing b ON a.report_no = b.report_no AND a.rowid < b.rowid "
            "AND a.recorded_to = b.recorded_to AND a.recorded_to > TIMESTAMP '9000-01-01' AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to"
        ).fetchone()
        assert overlaps == (0,)


def test_a_quarantined_row_is_not_an_absent_one(snapshots):
    snapshots.deliver("2019-01-31", {"甲": "C", "乙": "A", "丙": "A"})
    # 乙's row is refused with a readable key; another refused row has lost its key but bears 甲's name; 丙 is really absent.
    snapshots.deliver("2019-02-28", {"丁": "A"}, refused=[("乙", "Z"), (None, "Z")])
    assert snapshots.as_of("2019-03-01") == {"甲": "C", "乙": "A", "丁": "A"}


def test_a_good_row_replaces_the_standing_one_whatever_is_refused_beside_it(snapshots):
    snapshots.deliver("2019-01-31", {"甲": "C", "乙": "A"})
    # 乙 stands in the file twice and differently, and a row without a key bears 甲's name.
    snapshots.deliver("2019-02-28", {"甲": "D", "乙": "B"}, refused=[("乙", "Z"), (None, "Z")])
    february = day("2019-02-28")
    assert snapshots.believed() == [
        ("乙", "A", day("2019-01-31"), february),
        ("乙", "B", february, OPEN),
        ("甲", "C", day("2019-01-31"), february),
        ("甲", "D", february, OPEN),
    ]


def test_an_upsert_feed_changes_only_what_arrives(tmp_path):
    house = Warehouse(make_feed(tmp_path, "upsert"))
    house.deliver("2019-01-31", {"甲": "C", "乙": "A"})
    house.deliver("2019-03-31", {"甲": "A"})
    house.deliver("2019-02-28", {"甲": "D", "丙": "B"})
    assert house.as_of("2019-03-01") == {"甲": "D", "乙": "A", "丙": "B"}
    assert house.as_of("2019-03-31") == {"甲": "A", "乙": "A", "丙": "B"}


def test_an_append_feed_takes_each_event_once_and_a_correction_in_its_place(tmp_path):
    house = Warehouse(make_feed(tmp_path, "append"))
    house.deliver("2019-01-31", {"甲": "100"})
    counts = house.deliver("2019-02-28", {"甲": "100", "乙": "200"})
    assert counts == {"rows_inserted": 1, "rows_ended": 0, "rows_unchanged": 1}
    house.deliver("2019-03-31", {"甲": "150"})
    assert house.believed() == [("乙", "200", day("2019-02-28"), OPEN), ("甲", "150", day("2019-01-31"), OPEN)]
