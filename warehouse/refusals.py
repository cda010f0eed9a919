"""What is known of the rows that were refused: of whom they may speak.

A quarantined row is not an absent one. Whoever judges by absence (not insured, not at school) has to know that the row may lie among those that
wait for their correction. So of every refused row its readable identifiers are kept: keys of people, never an id; numbers of
households, places, projects and loans; and where no id can be read, the name with whatever birth date can be.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.feed import Feed
from connectors.quoting import identifier, literal
from expectations.parquet import parquet_sql
from warehouse.history.deliveries import Delivery
from warehouse.history.tables import name_column

# Numbers by which households, places, projects and loans go; too short to hide a citizen id in.
NUMBER = "[0-9]{12}|[A-Z]{2,4}[0-9]{6,13}"
NAME = "[\\p{Han}·]{2,4}"


def note(con: duckdb.DuckDBPyConnection, feed: Feed, delivery: Delivery, rejects: Path) -> None:
    """Put what the refused rows of ``delivery`` mention into ``ops.refused``: ``kind`` person, number or name.

    ``rejects``: the batch's rejects.parquet. ``keyed_hash`` and the macros of ``sql/macros`` are installed. The cells are looked at wherever
    they stand, since in a broken row no cell stands in its column.
    """
    batch = delivery.batch_id
    con.execute("DELETE FROM ops.refused WHERE batch_id = ? AND feed = ?", [batch, feed.name])
    name = name_column(feed)
    known = {
        column: f"s.{identifier(column)}" if column in delivery.present else "NULL"
        for column in (name or "", "birth_date")
    }
    con.execute(
        f"""INSERT INTO ops.refused
        WITH refused AS (
          SELECT _row, cells FROM {parquet_sql(rejects)}
          -- A row that stands there twice says nothing but what the first of the two says.
          WHERE len(list_filter(reasons, lambda reason: reason.code <> 'DUPLICATE_ROW')) > 0
        ),
        cell AS MATERIALIZED (
          SELECT DISTINCT _row, cell_plain(cell) AS cell FROM (SELECT _row, unnest(cells) AS cell FROM refused) WHERE strlen(cell) BETWEEN 6 AND 60
        ),
        plain AS (SELECT _row, id_plain(cell) AS plain FROM cell WHERE strlen(cell) >= 15),
        candidate AS (SELECT _row, plain, id_candidate(plain, id_kind(plain)) AS id FROM plain),
        judged AS MATERIALIZED (
          SELECT _row, plain, id, id_is_sound(id, id_whole(id), try_cast(left(id, 17) AS BIGINT)) AS is_sound FROM candidate
        ),
        sound AS (SELECT DISTINCT _row, id FROM judged WHERE is_sound),
        -- The birth date may be legible in a number that is none.
        hint AS (
          SELECT _row, min(CAST(try_strptime(regexp_extract(plain, '^[0-9]{{6}}((?:18|19|20)[0-9]{{6}})', 1), '%Y%m%d') AS DATE)) AS birth_date
          FROM judged WHERE NOT is_sound GROUP BY _row
        ),
        staged AS (
          SELECT s._row, CAST({known[name or ""]} AS VARCHAR) AS name, CAST({known["birth_date"]} AS DATE) AS birth_date
          FROM {delivery.rows} AS s SEMI JOIN refused USING (_row)
        ),
        named AS (
          SELECT _row, name, birth_date FROM staged WHERE name IS NOT NULL
          UNION ALL
          SELECT _row, cell, NULL FROM cell ANTI JOIN staged USING (_row) WHERE regexp_full_match(cell, '{NAME}')
        )
        SELECT {literal(batch)}, {literal(feed.name)}, _row, 'person', keyed_hash(id), NULL, NULL FROM sound
        UNION ALL
        SELECT {literal(batch)}, {literal(feed.name)}, _row, 'number', NULL, cell, NULL FROM cell WHERE regexp_full_match(cell, '{NUMBER}')
        UNION ALL
        SELECT {literal(batch)}, {literal(feed.name)}, _row, 'name', NULL, name, coalesce(named.birth_date, hint.birth_date)
        FROM named ANTI JOIN sound USING (_row) LEFT JOIN hint USING (_row)"""
    )
