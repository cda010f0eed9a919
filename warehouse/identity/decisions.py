"""What people decide about people: two keys are one person, one id is two people, a record is this person. Each can be undone.

A decision is a row of ``core.identity_decision`` with who, when and why; nothing else is written by hand. What follows from all that
stand (:func:`resolve`) is computed anew each time: ``core.person_alias``, ``core.person_split``, ``core.record_link``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from expectations import normalise
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, name_column, table
from warehouse.history.views import ensure_views

# What follows from the decisions, and says of whom a row of any feed speaks.
WHO_IS_WHO = ("person_alias", "person_split", "record_link")

KINDS = ("same_person", "two_people", "one_person", "link", "no_link")


def decide(
    con: duckdb.DuckDBPyConnection,
    kind: str,
    who: str,
    why: str,
    when: str,
    *,
    person_key: int | None = None,
    other_key: int | None = None,
    name: str | None = None,
    feed: str | None = None,
    record: int | None = None,
    method: str = "decision",
) -> str:
    """Write a decision down; returns its id. The same decision, while it stands, is not written twice.

    ``same_person``: ``person_key`` and ``other_key``; ``two_people``: the rows with ``person_key`` that bear ``name`` are somebody else's;
    ``one_person``: they are not, although name and birth date speak for it;
    ``link``: the record ``record`` of ``feed`` is ``person_key``; ``no_link``: it is none of its candidates. ``when``: ISO. Follow with
    :func:`resolve`. Raises TerminalError for a decision that says nothing.
    """
    needed = {
        "same_person": (person_key, other_key), "two_people": (person_key, name), "one_person": (person_key, name), "link": (feed, record, person_key),
        "no_link": (feed, record),
    }[kind]  # fmt: skip
    if None in needed or (kind == "same_person" and person_key == other_key):
        raise TerminalError(f"a decision of kind {kind} needs two different things to speak of")
    subject = [kind, person_key, other_key, name, feed, record]
    standing = con.execute(
        "SELECT decision_id FROM core.identity_decision WHERE undone_at IS NULL AND kind = ? AND person_key IS NOT DISTINCT FROM ? "
        "AND other_key IS NOT DISTINCT FROM ? AND name IS NOT DISTINCT FROM ? AND feed IS NOT DISTINCT FROM ? AND record IS NOT DISTINCT FROM ?",
        subject,
    ).fetchone()
    if standing:
        return str(standing[0])
    decision_id = hashlib.sha256(repr([*subject, when]).encode()).hexdigest()[:16]
    con.execute(
        "INSERT INTO core.identity_decision (decision_id, kind, person_key, other_key, name, feed, record, method, decided_at, decided_by, why) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [decision_id, *subject, method, dt.datetime.fromisoformat(when), who, why],
    )
    return decision_id


def undo(con: duckdb.DuckDBPyConnection, decision_id: str, who: str, why: str, when: str) -> None:
    """Take a decision back; it stays in the list. Follow with :func:`resolve`. Raises TerminalError if there is none that stands."""
    done = con.execute(
        "UPDATE core.identity_decision SET undone_at = ?, undone_by = ?, undone_why = ? WHERE decision_id = ? AND undone_at IS NULL "
        "RETURNING decision_id",
        [dt.datetime.fromisoformat(when), who, why, decision_id],
    ).fetchone()
    if done is None:
        raise TerminalError(f"no decision {decision_id} stands")


def decide_all(con: duckdb.DuckDBPyConnection, source: str, method: str, when: str) -> int:
    """Write down every decision of the relation ``source`` (kind, person_key, other_key, name, feed, record, who, why); returns how many are new.

    One that stands already is not written twice, as with :func:`decide`. Follow with :func:`resolve`.
    """
    subject = "kind, person_key, other_key, name, feed, record"
    same = " AND ".join(f"d.{column.strip()} IS NOT DISTINCT FROM s.{column.strip()}" for column in subject.split(","))
    written = con.execute(
        f"INSERT INTO core.identity_decision (decision_id, {subject}, method, decided_at, decided_by, why) "
        f"SELECT left(sha256(concat_ws('|', kind, {', '.join(_text(name) for name in subject.split(', ')[1:])}, {literal(when)})), 16), "
        f"{subject}, {literal(method)}, TIMESTAMP {literal(when)}, who, why FROM (SELECT DISTINCT ON ({subject}) * FROM {source} ORDER BY who, why) AS s "
        f"WHERE NOT EXISTS (SELECT 1 FROM core.identity_decision AS d WHERE d.undone_at IS NULL AND {same})"
    ).fetchone()
    return int(written[0]) if written else 0


def undo_all(con: duckdb.DuckDBPyConnection, source: str, who: str, why: str, when: str) -> int:
    """Take back every standing decision whose ``decision_id`` is in the relation ``source``; returns how many. Follow with :func:`resolve`."""
    undone = con.execute(
        f"UPDATE core.identity_decision SET undone_at = ?, undone_by = ?, undone_why = ? WHERE undone_at IS NULL "
        f"AND decision_id IN (SELECT decision_id FROM {source})",
        [dt.datetime.fromisoformat(when), who, why],
    ).fetchone()
    return int(undone[0]) if undone else 0


def _text(name: str) -> str:
    return f"coalesce(CAST({name} AS VARCHAR), '')"


def resolve(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> dict[str, int]:
    """Bring who is who up to date with all decisions that stand, registry numbers and automatic links; returns rows per table.

    Where nothing of that has changed since the last time nothing is computed or written. Works inside the caller's transaction;
    ``keyed_hash`` is installed (:func:`warehouse.identity.install`), the macros of ``sql/macros`` too.
    """
    statements = [*_alias(feeds), _split(feeds), RECORD_LINK]
    print_ = _print(con, feeds, statements)
    if print_ != _last_print(con):
        for statement in statements:
            con.execute(statement)
        con.execute("DROP TABLE edges; DROP TABLE listed")
        con.execute(f"COMMENT ON TABLE core.record_link IS {literal(print_)}")
        ensure_views(con, feeds.values())
    counts = {}
    for name in WHO_IS_WHO:
        row = con.execute(f"SELECT count(*) FROM core.{name}").fetchone()
        counts[name] = int(row[0]) if row else 0
    return counts


def _print(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], statements: list[str]) -> str:
    """A fingerprint of all that :func:`resolve` reads: the decisions, the links found, what the ledger says of the feeds, and the rules.

    History changes only together with its ledger row. A batch that brought nothing new changed nothing.
    """
    read = [feed.name for feed in feeds.values() if f"{table(feed)} AS " in " ".join(statements)]
    content = con.execute(
        "SELECT (SELECT (count(*), bit_xor(hash(d))) FROM core.identity_decision AS d), "
        "(SELECT (count(*), bit_xor(hash(c))) FROM core.link_candidate AS c WHERE decision = 'auto'), "
        "(SELECT (count(*), bit_xor(hash(feed, batch_id, state, merged_at, withdrawn_at))) FROM ops.batch WHERE list_contains($1, feed) "
        "AND (state = 'withdrawn' OR (state = 'merged' AND coalesce(rows_inserted + rows_ended, 1) > 0)))",
        [read],
    ).fetchone()
    rules = [*statements, *normalise.definitions()]
    return hashlib.sha256(repr((content, rules)).encode()).hexdigest()[:16]


def _last_print(con: duckdb.DuckDBPyConnection) -> str | None:
    row = con.execute(
        "SELECT comment FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'core' AND table_name = 'record_link'"
    ).fetchone()
    return row[0] if row else None


RECORD_LINK = (
    "CREATE OR REPLACE TABLE core.record_link AS WITH decided AS ("
    "  SELECT feed, record, CASE WHEN kind = 'link' THEN person_key END AS person_key, method, CAST(NULL AS DOUBLE) AS weight, "
    "  CAST(NULL AS VARCHAR) AS model_version FROM core.identity_decision WHERE kind IN ('link', 'no_link') AND undone_at IS NULL "
    # Who judged last is believed.
    "  QUALIFY row_number() OVER (PARTITION BY feed, record ORDER BY decided_at DESC, decision_id) = 1"
    "), found AS ("
    "  SELECT feed, record, person_key, method, weight, model_version FROM decided WHERE person_key IS NOT NULL "
    "  UNION ALL SELECT feed, record, person_key, method, weight, model_version FROM core.link_candidate AS c WHERE decision = 'auto' "
    "  AND NOT EXISTS (SELECT 1 FROM decided AS d WHERE d.feed = c.feed AND d.record = c.record)"
    ") SELECT f.feed, f.record, coalesce(a.spine_key, f.person_key) AS person_key, f.method, f.weight, f.model_version "
    "FROM found AS f LEFT JOIN core.person_alias AS a ON a.person_key = f.person_key"
)


def _has(feed: Feed, name: str) -> bool:
    return any(column.name == name for column in feed.columns)


# Macros stand in macros' places as text: each is asked of columns, or planning takes longer than the work.
PLAIN = "SELECT *, name_plain(one) AS plain, name_plain(other) AS other_plain FROM ({0})"
UNLIKE = "plain <> other_plain AND NOT name_differs_once(plain, other_plain) AND NOT name_fits(plain, other_plain)"


def _split(feeds: Mapping[str, Feed]) -> str:
    """Names under which an id is used by somebody else: decided, or plain to see from another name *and* another birth date.

    The register of residents says whose the id is, if its birth date is the number's own. It holds until somebody says otherwise
    (:mod:`warehouse.identity.questions` asks). A name alone may be a former one, a birth date alone a slip of the pen.
    """
    register = feeds.get("household_registration")
    pairs = [
        f"SELECT t.person_key, t.name AS one, r.name AS other FROM {table(feed)} AS t JOIN {table(register)} AS r ON r.person_key = t.person_key "
        # The number itself says who was born when.
        f"JOIN core.identity AS i ON i.person_key = t.person_key AND i.kind = 'citizen_id' "
        f"AND substr(i.value, 7, 8) = strftime(r.birth_date, '%Y%m%d') "
        f"WHERE t.recorded_to = {OPEN_TIME} AND r.recorded_to = {OPEN_TIME} AND r.valid_to = {OPEN_DATE} "
        f"AND t.birth_date <> r.birth_date AND t.name <> r.name AND t.name IS DISTINCT FROM r.former_name"
        for feed in feeds.values()
        if register is not None
        and feed.name != register.name
        and feed.subject
        and name_column(feed) == "name"
        and _has(feed, "birth_date")
    ]
    found = "SELECT person_key, name, 'decision' AS reason FROM core.identity_decision WHERE kind = 'two_people' AND undone_at IS NULL"
    if pairs:
        found += (
            f" UNION SELECT person_key, one, 'id_shared' FROM ({PLAIN.format(' UNION '.join(pairs))}) WHERE {UNLIKE}"
        )
    return (
        f"CREATE OR REPLACE TABLE core.person_split AS SELECT person_key, name, keyed_hash('split:' || person_key || ':' || name) AS spine_key, "
        f"min(reason) AS reason FROM ({found}) AS f WHERE NOT EXISTS (SELECT 1 FROM core.identity_decision AS d "
        f"WHERE d.kind = 'one_person' AND d.undone_at IS NULL AND d.person_key = f.person_key AND d.name = f.name) GROUP BY person_key, name"
    )


def _alias(feeds: Mapping[str, Feed]) -> list[str]:
    """Keys that are one person get one spine: the one under which the registry has him now, else the smallest.

    A resident outside the registry is thereby re-keyed, with his history, on the day he enters it.
    """
    statements = [
        "CREATE OR REPLACE TEMP TABLE edges AS SELECT person_key AS a, other_key AS b, 'decision' AS reason FROM core.identity_decision "
        "WHERE kind = 'same_person' AND undone_at IS NULL",
        "CREATE OR REPLACE TEMP TABLE listed (person_key BIGINT)",
    ]
    register = feeds.get("household_registration")
    if register is not None and _has(register, "former_citizen_id"):
        lists = [feed for feed in feeds.values() if feed.person_number and _has(feed, "birth_date")]
        statements.append(_former_ids(register, lists))
    for feed in feeds.values():
        if feed.person_number is None:
            continue
        statements += [
            f"INSERT INTO listed SELECT person_key FROM {table(feed)} AS t WHERE recorded_to = {OPEN_TIME} AND valid_to = {OPEN_DATE}",
            _changed_ids(feed, register),
            # A registered person without an id who was found among the residents.
            f"INSERT INTO edges SELECT t.person_key, l.person_key, l.method FROM core.link_candidate AS l "
            f"JOIN {table(feed)} AS t ON l.record = hash(t.{identifier(feed.person_number)}) AND t.recorded_to = {OPEN_TIME} "
            f"WHERE l.feed = {literal(feed.name)} AND l.decision = 'auto' AND NOT EXISTS (SELECT 1 FROM core.identity_decision AS d "
            f"WHERE d.feed = l.feed AND d.record = l.record AND d.kind IN ('link', 'no_link') AND d.undone_at IS NULL)",
            f"INSERT INTO edges SELECT t.person_key, d.person_key, d.method FROM core.identity_decision AS d "
            f"JOIN {table(feed)} AS t ON d.record = hash(t.{identifier(feed.person_number)}) AND t.recorded_to = {OPEN_TIME} "
            f"WHERE d.feed = {literal(feed.name)} AND d.kind = 'link' AND d.undone_at IS NULL",
        ]
    return [
        *statements,
        "CREATE OR REPLACE TABLE core.person_alias AS WITH RECURSIVE pairs AS ("
        "  SELECT a, b FROM edges WHERE a <> b UNION SELECT b, a FROM edges WHERE a <> b"
        "), reach AS (SELECT a, a AS b FROM pairs UNION SELECT r.a, p.b FROM reach AS r JOIN pairs AS p ON p.a = r.b"
        "), ranked AS (SELECT r.a, r.b, EXISTS (SELECT 1 FROM listed AS l WHERE l.person_key = r.b) AS is_listed FROM reach AS r"
        "), spine AS (SELECT a, arg_min(b, (CASE WHEN is_listed THEN 0 ELSE 1 END, b)) AS spine_key FROM ranked GROUP BY a) "
        "SELECT s.a AS person_key, s.spine_key, coalesce((SELECT min(e.reason) FROM edges AS e WHERE s.a IN (e.a, e.b)), '') AS reason "
        "FROM spine AS s WHERE s.a <> s.spine_key",
    ]


def _former_ids(register: Feed, lists: list[Feed]) -> str:
    """The police state which id somebody had before: whoever is known by it is the same person.

    Not where somebody of another name and birth date has it today, on the register or in the registry, or where two people claim it:
    then somebody is mistaken.
    """
    believed = f"recorded_to = {OPEN_TIME}"
    borne = " UNION ".join(
        f"SELECT t.former_person_key, t.person_key, unnest([t.name, t.former_name]) AS one, o.name AS other FROM {table(register)} AS t "
        f"JOIN {table(feed)} AS o ON o.person_key = t.former_person_key WHERE t.{believed} AND t.former_person_key <> t.person_key "
        f"AND o.{believed} AND o.valid_to = {OPEN_DATE} AND o.birth_date IS DISTINCT FROM t.birth_date"
        for feed in (register, *lists)
    )
    return (
        f"INSERT INTO edges WITH other AS (SELECT former_person_key FROM ({PLAIN.format(borne)}) WHERE plain IS NOT NULL "
        f"  GROUP BY former_person_key, person_key, other HAVING bool_and({UNLIKE})) "
        f"SELECT former_person_key, any_value(person_key), 'id_changed' FROM {table(register)} AS t WHERE {believed} "
        f"AND former_person_key <> person_key AND former_person_key NOT IN (SELECT former_person_key FROM other) "
        f"GROUP BY former_person_key HAVING count(DISTINCT person_key) = 1"
    )


def _changed_ids(feed: Feed, register: Feed | None) -> str:
    """One registry number, one name and birth date, but another id than before: the person's id changed, or was found.

    Not where the former id is somebody else's today: then it had been a mistake.
    """
    number = identifier(str(feed.person_number))
    birth = "birth_date" if _has(feed, "birth_date") else "CAST(NULL AS DATE)"
    others = f"SELECT 1 FROM {table(feed)} AS o WHERE o.recorded_to = {OPEN_TIME} AND o.valid_to = {OPEN_DATE} AND o.person_key = v.person_key"
    elsewhere = ""
    if register is not None:
        elsewhere = (
            f"AND NOT EXISTS (SELECT 1 FROM {table(register)} AS r WHERE r.recorded_to = {OPEN_TIME} AND r.valid_to = {OPEN_DATE} "
            f"AND r.person_key = v.person_key AND r.name IS DISTINCT FROM v.name)"
        )
    return (
        f"INSERT INTO edges WITH changed AS (SELECT DISTINCT {number} FROM {table(feed)} WHERE recorded_to = {OPEN_TIME} AND valid_to < {OPEN_DATE}), "
        f"versions AS (SELECT {number} AS number, person_key, link_method, name, {birth} AS born, "
        f"  lead(person_key) OVER w AS next_key, lead(name) OVER w AS next_name, lead({birth}) OVER w AS next_born "
        f"  FROM {table(feed)} SEMI JOIN changed USING ({number}) WHERE recorded_to = {OPEN_TIME} WINDOW w AS (PARTITION BY {number} ORDER BY valid_from)) "
        f"SELECT person_key, next_key, CASE WHEN link_method = 'none' THEN 'id_found' ELSE 'id_changed' END FROM versions AS v "
        f"WHERE person_key <> next_key AND name = next_name AND (born = next_born OR born IS NULL OR next_born IS NULL) "
        f"AND NOT EXISTS ({others}) {elsewhere}"
    )
