"""One citizen id, two people: what an engineer is asked, without naming anybody, and what becomes of the answer.

Two rows with one id whose names *and* birth dates differ are two people, or one who was written down badly twice. Nobody but a
person can say. A question shows where the rows stand (feed, batch, row of the file), never what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, name_column, table
from warehouse.identity.decisions import decide_all

METHOD = "question"
TWO_PEOPLE, SAME_PERSON, LATER = "两人", "同一人", "以后再说"
ANSWERS = (TWO_PEOPLE, SAME_PERSON, LATER)
# «Later», said or by silence, is a week; and nobody answers more than so many questions of a night.
AGAIN_DAYS = 7
AT_ONCE = 20
ROWS_SHOWN = 12
NO_ROWS = (
    "SELECT NULL::VARCHAR AS feed, NULL::VARCHAR AS title, NULL::BIGINT AS person_key, NULL::VARCHAR AS name, NULL::DATE AS birth_date, "
    "NULL::VARCHAR AS batch_id, NULL::BIGINT AS source_row WHERE FALSE"
)


def ask(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], when: str) -> list[dict[str, str]]:
    """The questions that are due, as ``question`` (a token), ``subject`` and ``body``: Chinese, no personal data; at most AT_ONCE.

    They are remembered in ``core.identity_question``: what was answered is not asked again while the rows are the same, what was put
    off or not answered is asked again after AGAIN_DAYS. ``when``: ISO. ``keyed_hash`` is installed.
    """
    forget(con, feeds)
    due = con.execute(
        "SELECT question, subject, body FROM question_now AS n WHERE NOT EXISTS (SELECT 1 FROM core.identity_question AS q "
        f"WHERE q.question = n.question AND (q.answer IN ({literal(TWO_PEOPLE)}, {literal(SAME_PERSON)}) "
        f"OR q.asked_at > CAST($1 AS TIMESTAMP) - INTERVAL {AGAIN_DAYS} DAY)) ORDER BY question LIMIT {AT_ONCE}",
        [when],
    ).fetchall()
    if due:
        con.execute(
            "DELETE FROM core.identity_question WHERE question IN (SELECT unnest($1))", [[question for question, *_ in due]]
        )  # fmt: skip
        con.execute(
            "INSERT INTO core.identity_question (question, person_key, other_names, asked_at) "
            "SELECT question, person_key, other_names, CAST($2 AS TIMESTAMP) FROM question_now WHERE question IN (SELECT unnest($1))",
            [[question for question, *_ in due], when],
        )
    return [dict(zip(("question", "subject", "body"), row, strict=True)) for row in due]


def forget(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> int:
    """Take out of ``core.identity_question`` what has no answer and no longer stands, its rows being corrected or withdrawn; returns how many.

    A question has names as long as it waits for an answer, no longer. Leaves the temp table ``question_now``.
    """
    parts = [part for feed in feeds.values() if (part := _rows_sql(feed))] or [NO_ROWS]
    con.execute(f"CREATE OR REPLACE TEMP TABLE conflict_row AS {_conflicts_sql(' UNION ALL '.join(parts))}")
    con.execute(_questions_sql())
    _drop_names(con)
    gone = con.execute(
        "DELETE FROM core.identity_question AS q WHERE (q.answer IS NULL OR q.answer = ?) "
        "AND NOT EXISTS (SELECT 1 FROM question_now AS n WHERE n.question = q.question)",
        [LATER],
    ).fetchone()
    return int(gone[0]) if gone else 0


def settle(con: duckdb.DuckDBPyConnection, question: str, answer: str, who: str, when: str) -> int:
    """Write down the answer to ``question``; returns how many decisions follow: «两人» parts the names from the id, «同一人» keeps them.

    The names go with the answer. Follow with :func:`warehouse.identity.decisions.resolve`. Raises TerminalError for a question that was
    never asked or does not stand any more, or another answer.
    """
    if answer not in ANSWERS:
        raise TerminalError(f"there is no such answer to question {question}")
    known = con.execute(
        "UPDATE core.identity_question SET answer = ?, answered_at = CAST(? AS TIMESTAMP), answered_by = ? WHERE question = ? RETURNING question",
        [answer, when, who, question],
    ).fetchone()
    if known is None:
        raise TerminalError(
            f"there is no question {question}: it was never asked, or its rows were corrected or withdrawn"
        )
    if answer == LATER:
        return 0
    kind = "two_people" if answer == TWO_PEOPLE else "one_person"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE question_wanted AS SELECT {literal(kind)} AS kind, person_key, NULL::BIGINT AS other_key, "
        "unnest(other_names) AS name, NULL::VARCHAR AS feed, NULL::UBIGINT AS record, answered_by AS who, "
        f"'证件号码冲突 ' || question AS why FROM core.identity_question WHERE question = {literal(question)}"
    )
    made = decide_all(con, "question_wanted", METHOD, when)
    _drop_names(con)
    return made


def _drop_names(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "UPDATE core.identity_question SET other_names = NULL WHERE other_names IS NOT NULL AND answer IN (?, ?)",
        [TWO_PEOPLE, SAME_PERSON],
    )


def _rows_sql(feed: Feed) -> str:
    """SELECT of the feed's present rows that state id, name and birth date, as far as nobody has parted them; '' if it has no such columns."""
    columns = {column.name for column in feed.columns}
    if not feed.subject or name_column(feed) != "name" or "birth_date" not in columns:
        return ""
    return (
        f"SELECT {literal(feed.name)} AS feed, {literal(feed.title)} AS title, t.person_key, t.name, t.birth_date, t.batch_id, t.source_row "
        f"FROM {table(feed)} AS t WHERE t.recorded_to = {OPEN_TIME} AND t.valid_to = {OPEN_DATE} AND t.person_key IS NOT NULL "
        f"AND t.link_method IS DISTINCT FROM 'none' AND t.name IS NOT NULL AND t.birth_date IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 FROM core.person_split AS s WHERE s.person_key = t.person_key AND s.name = t.{identifier('name')} "
        # What a rule has parted is asked about all the same.
        f"AND s.reason = 'decision')"
    )


def _conflicts_sql(rows: str) -> str:
    """The rows of ids that are used by two names with two birth dates, with ``is_owner``.

    The owner is the name whose birth date the id itself states, else the police register's, else the more frequent one.
    """
    return (
        f"WITH stated AS MATERIALIZED ({rows}), several AS ("
        # min <> max is a cheap sieve: 99 of 100 ids have one name.
        "  SELECT person_key FROM stated GROUP BY person_key HAVING min(name) <> max(name) AND min(birth_date) <> max(birth_date)"
        "), few AS MATERIALIZED (SELECT * FROM stated SEMI JOIN several USING (person_key)"
        "), clashing AS (SELECT DISTINCT a.person_key FROM few AS a JOIN few AS b ON a.person_key = b.person_key "
        "  AND a.name <> b.name AND a.birth_date <> b.birth_date"
        "), people AS (SELECT f.person_key, f.name, bool_or(strftime(f.birth_date, '%Y%m%d') = substr(i.value, 7, 8)) AS fits, "
        "  bool_or(f.feed = 'household_registration') AS is_registered, count(*) AS times "
        "  FROM few AS f SEMI JOIN clashing USING (person_key) LEFT JOIN core.identity AS i ON i.person_key = f.person_key "
        "  AND i.kind = 'citizen_id' GROUP BY ALL"
        "), owners AS (SELECT person_key, name AS owner_name FROM people QUALIFY row_number() OVER (PARTITION BY person_key "
        "  ORDER BY coalesce(fits, FALSE) DESC, is_registered DESC, times DESC, name) = 1"
        ") SELECT f.*, o.owner_name, f.name = o.owner_name AS is_owner FROM few AS f JOIN owners AS o USING (person_key)"
    )


def _questions_sql() -> str:
    """One row per id: token, texts, and the names that would be parted from it: those that share no birth date with the owner."""
    place = "'- ' || title || '：批次 ' || batch_id || ' 第 ' || source_row || ' 行'"
    return (
        "CREATE OR REPLACE TEMP TABLE question_now AS WITH owned AS ("
        "  SELECT person_key, list(DISTINCT birth_date) FILTER (is_owner) AS births FROM conflict_row GROUP BY ALL"
        "), other AS (SELECT c.person_key, c.name FROM conflict_row AS c JOIN owned AS o USING (person_key) WHERE NOT is_owner "
        "  GROUP BY ALL HAVING NOT bool_or(list_contains(o.births, c.birth_date))"
        "), others AS (SELECT person_key, list(name ORDER BY name) AS other_names FROM other GROUP BY ALL"
        "), shown AS (SELECT person_key, count(DISTINCT name) AS names, count(DISTINCT feed) AS feeds, "
        "  count(*) AS n, string_agg(DISTINCT feed || name || birth_date, ';' ORDER BY feed || name || birth_date) AS content, "
        f"  list({place} ORDER BY is_owner DESC, feed, batch_id, source_row)[1:{ROWS_SHOWN}] AS places FROM conflict_row GROUP BY ALL"
        ") SELECT 'q' || right(repeat('0', 15) || lower(to_hex(keyed_hash('question:' || person_key || ':' || content))), 15) AS question, "
        "person_key, other_names, "
        "'证件号码冲突 ' || question || '：一个号码，' || names || ' 个姓名' AS subject, "
        "'同一个证件号码在 ' || feeds || ' 种数据的 ' || n || ' 行里对应 ' || names || ' 个不同的姓名，出生日期也不同。请到原文件中查看这些行：' "
        "|| chr(10) || chr(10) || array_to_string(places, chr(10)) || chr(10) || chr(10) "
        f"|| '“{TWO_PEOPLE}”：与号码不符的姓名另立为一人；“{SAME_PERSON}”：只是写错，不再询问；“{LATER}”：{AGAIN_DAYS} 天后再问。' AS body "
        "FROM shown JOIN others USING (person_key)"
    )
