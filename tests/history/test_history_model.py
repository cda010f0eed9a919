"""History against a model: random lives of a feed, played into DuckDB and into fifty lines of Python; no difference is allowed.

A life is a list of loads: full lists, one township's lists, corrections and deltas (which speak of their rows only), refused rows, the same
content again, late files, withdrawals.
After every load the whole belief is compared, and at the end what had been known after each load.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from connectors.feed import Column, Feed
from expectations import normalise
from warehouse import identity
from warehouse.history import merge as history
from warehouse.history import schema
from warehouse.history.deliveries import FULL, ROWS, Delivery
from warehouse.history.replay import replay

LIVES = int(os.environ.get("FUPIN_LIVES", "2000"))
SEED = 20190630
DAYS = ["2019-01-31", "2019-02-28", "2019-03-31", "2019-04-30"]
TOWNS = ["219900101", "219900102"]
KEYS = ["甲", "乙", "丙"]
OPEN = "9999-12-31"
SMALL = history.SMALL

Row = tuple[str, str]  # township, grade


@dataclass(frozen=True)
class Load:
    """One delivery, or the withdrawal of an earlier one (``withdraws``: its number among the loads).

    ``received``: what decides between deliveries of one day, whatever the order of loading.
    """

    as_of: str = ""
    coverage: str = FULL
    rows: tuple[tuple[str, Row], ...] = ()
    refused: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()
    received: int = 0
    withdraws: int | None = None


@dataclass
class Model:
    """What the loads say: per key the content from each as-of date on."""

    mode: str
    loads: dict[int, Load] = field(default_factory=dict)

    def believed(self) -> list[tuple[str, str, str, str, str]]:
        order = sorted(self.loads.items(), key=lambda item: (item[1].as_of, item[1].received, item[0]))
        found = []
        for key in KEYS:
            told: list[tuple[str, Row | None]] = []
            last: Row | None = None
            for _, load in order:
                rows = dict(load.rows)
                if key in rows:
                    last = rows[key]
                    told.append((load.as_of, last))
                elif self.mode == "snapshot" and load.coverage != ROWS and last is not None:
                    elsewhere = load.coverage not in (FULL, last[0])
                    if not elsewhere and key not in load.refused and key not in load.nameless:
                        told.append((load.as_of, None))
            if self.mode == "append":
                told = [(told[0][0], told[-1][1])] if told else []
            found += self._spans(key, told)
        return sorted(found)

    def _spans(self, key: str, told: list[tuple[str, Row | None]]) -> list[tuple[str, str, str, str, str]]:
        spans: list[list[Any]] = []
        for as_of, group in itertools.groupby(told, key=lambda item: item[0]):
            content = list(group)[-1][1]
            if spans and spans[-1][0] == content:
                continue
            if spans:
                spans[-1][2] = as_of
            spans.append([content, as_of, OPEN])
        return [(key, *content, begins, ends) for content, begins, ends in spans if content is not None]


class House:
    """The real thing: an in-memory warehouse with one feed."""

    def __init__(self, mode: str) -> None:
        self.feed = Feed(
            name="housing", department="zhujian", department_title="", title="", grain="", mode=mode, key=("report_no",), subject=(),
            person_number=None, schedule="", freshness_days=31, legal_basis="", purpose="", as_of_column=None, source={},
            columns=(
                Column("report_no", "text", ("编号",), required=True),
                Column("head_name", "name", ("户主",)),
                Column("village_code", "text", ("村",)),
                Column("grade", "text", ("等级",)),
            ),
            path=Path("housing.toml"), partial_by="village_code" if mode == "snapshot" else None,
        )  # fmt: skip
        CON.execute("DROP TABLE IF EXISTS core.housing; DROP VIEW IF EXISTS core.housing_now; DELETE FROM ops.batch")
        schema.create_tables(CON, [self.feed])
        self.merged: dict[int, Delivery] = {}

    def load(self, number: int, load: Load, at: int | None = None) -> None:
        recorded = f"2026-01-01 00:00:{number if at is None else at:02d}"
        with self.transaction():
            self._load(number, load, recorded)

    @staticmethod
    @contextlib.contextmanager
    def transaction() -> Iterator[None]:
        CON.execute("BEGIN")
        try:
            yield
        except BaseException:
            CON.execute("ROLLBACK")
            raise
        CON.execute("COMMIT")

    def _load(self, number: int, load: Load, recorded: str) -> None:
        if load.withdraws is not None:
            gone = self.merged.pop(load.withdraws)
            CON.execute(f"UPDATE ops.batch SET state = 'withdrawn' WHERE batch_id = '{gone.batch_id}'")
            replay(CON, gone, list(self.merged.values()), recorded, withdrawn=True)
        else:
            delivery = self._delivery(number, load)
            history.merge(CON, delivery, recorded, len(load.rows), lambda: list(self.merged.values()))
            CON.execute(
                f"INSERT INTO ops.batch (batch_id, feed, state, as_of) VALUES ('b{number:02d}', 'housing', 'merged', '{load.as_of}')"
            )
            self.merged[number] = delivery

    def _delivery(self, number: int, load: Load) -> Delivery:
        rows: list[tuple[str | None, str, str, str]]
        rows = [(key, f"户{key}", town + "200", grade) for key, (town, grade) in load.rows]
        bad: list[tuple[str | None, str, str, str]]
        bad = [(key, f"户{key}", TOWNS[0] + "200", "Z") for key in load.refused]
        bad += [(None, f"户{key}", TOWNS[0] + "200", "Z") for key in load.nameless]
        lines = ", ".join(
            f"({place}, {'NULL' if key is None else repr(key)}::VARCHAR, '{name}', '{village}', '{grade}')"
            for place, (key, name, village, grade) in enumerate([*rows, *bad], start=2)
        )
        empty = "SELECT 0 AS _row, '' AS report_no, '' AS head_name, '' AS village_code, '' AS grade WHERE FALSE"
        source = (
            f"SELECT * FROM (VALUES {lines}) AS v(_row, report_no, head_name, village_code, grade)" if lines else empty
        )
        CON.execute(
            f"CREATE OR REPLACE TEMP TABLE file{number} AS SELECT *, hash(report_no, village_code, grade) AS _hash FROM ({source})"
        )
        return Delivery(
            self.feed, f"b{number:02d}", f"file{number}",
            f"(SELECT _row FROM file{number} WHERE _row >= {len(rows) + 2})" if bad else None,
            frozenset({"report_no", "head_name", "village_code", "grade"}), load.as_of, f"{load.received:02d}", load.coverage,
        )  # fmt: skip

    def believed(self, known_after: int | None = None) -> list[tuple[str, str, str, str, str]]:
        when = "recorded_to = TIMESTAMP '9999-12-31'"
        if known_after is not None:
            moment = f"TIMESTAMP '2026-01-01 00:00:{known_after:02d}'"
            when = f"recorded_from <= {moment} AND recorded_to > {moment}"
        return CON.execute(
            "SELECT report_no, left(village_code, 9), grade, valid_from::VARCHAR, valid_to::VARCHAR FROM core.housing "
            f"WHERE {when} ORDER BY ALL"
        ).fetchall()

    def sources(self) -> set[str]:
        return {
            name
            for (name,) in CON.execute(
                "SELECT batch_id FROM core.housing WHERE recorded_to = TIMESTAMP '9999-12-31'"
            ).fetchall()
        }


CON = duckdb.connect(config={"threads": 1})
normalise.install(CON)
identity.install(CON, "k" * 16)
CON.execute("PRAGMA disable_optimizer")
schema.create_tables(CON, [])

ROWS_OF = st.dictionaries(st.sampled_from(KEYS), st.tuples(st.sampled_from(TOWNS), st.sampled_from("AB")), max_size=3)


@st.composite
def lives(draw: st.DrawFn) -> tuple[str, list[Load], bool]:
    mode = draw(st.sampled_from(["snapshot", "snapshot", "upsert", "append"]))
    loads: list[Load] = []
    standing: list[int] = []
    for number in range(draw(st.integers(2, 6))):
        if standing and draw(st.integers(0, 4)) == 0:
            gone = draw(st.sampled_from(standing))
            standing.remove(gone)
            loads.append(Load(withdraws=gone))
            continue
        if standing and draw(st.integers(0, 5)) == 0:
            loads.append(dataclasses.replace(loads[draw(st.sampled_from(standing))], received=draw(st.integers(0, 9))))
        else:
            rows = draw(ROWS_OF)
            coverage = draw(st.sampled_from([FULL, FULL, ROWS, *TOWNS])) if mode == "snapshot" else ROWS
            if coverage in TOWNS:
                rows = {key: (coverage, grade) for key, (_, grade) in rows.items()}
            # Of a key that has a good row too: a conflict's second row, a namesake's.
            refused = draw(st.lists(st.sampled_from(KEYS), max_size=1))
            nameless = draw(st.lists(st.sampled_from(KEYS), max_size=1))
            loads.append(
                Load(
                    draw(st.sampled_from(DAYS)),
                    coverage,
                    tuple(rows.items()),
                    tuple(refused),
                    tuple(nameless),
                    draw(st.integers(0, 9)),
                )
            )
        standing.append(number)
    return mode, loads, draw(st.booleans())


def live(mode: str, loads: list[Load], as_many: bool) -> None:
    """``as_many``: deliveries of rows are compared as if they were too many to look for their keys."""
    history.SMALL = 0 if as_many else SMALL
    house, model = House(mode), Model(mode)
    known = []
    for number, load in enumerate(loads):
        if load.withdraws is not None:
            del model.loads[load.withdraws]
        else:
            model.loads[number] = load
        house.load(number, load)
        known.append(model.believed())
        assert house.believed() == known[-1], f"after load {number}"
        # What was taken back is nobody's source any more.
        assert house.sources() <= {f"b{number:02d}" for number in model.loads}
    for number, belief in enumerate(known):
        assert house.believed(known_after=number) == belief, f"as known after load {number}"


@seed(SEED)
@settings(max_examples=LIVES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(lives())
def test_no_life_of_a_feed_differs_from_the_model(life: tuple[str, list[Load], bool]) -> None:
    note(f"seed {SEED}")
    try:
        live(*life)
    finally:
        history.SMALL = SMALL


def test_any_order_of_the_same_batches_ends_in_the_same_belief() -> None:
    """Twelve batches of every kind, in fifty orders: one present state, one answer for every past day."""
    chance = random.Random(SEED)
    for mode in ("snapshot", "upsert", "append"):
        loads = [
            Load(
                chance.choice(DAYS),
                coverage := (chance.choice([FULL, FULL, ROWS, *TOWNS]) if mode == "snapshot" else ROWS),
                tuple(
                    (key, (coverage if coverage in TOWNS else chance.choice(TOWNS), chance.choice("AB")))
                    for key in chance.sample(KEYS, chance.randint(0, 3))
                ),
                received=number,
            )
            for number in range(12)
        ]
        ends = set()
        for _ in range(50):
            house = House(mode)
            order = chance.sample(list(enumerate(loads)), len(loads))
            for number, load in order:
                house.load(number, load, at=len(house.merged))
            ends.add(tuple(house.believed()))
        assert len(ends) == 1, mode
        assert list(ends)[0] == tuple(Model(mode, dict(enumerate(loads))).believed())
