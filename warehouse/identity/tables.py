"""The tables of identity beside ``core.identity``: what was decided about people, and what follows from it.

History keeps the key that a row's own id gives; who that is today is answered when the row is read (:mod:`warehouse.history.views`).
So a decision can be undone at any time, whatever was loaded after it.
"""

from __future__ import annotations

import duckdb

DDL = """
CREATE TABLE IF NOT EXISTS core.identity_decision (
  decision_id VARCHAR, kind VARCHAR, person_key BIGINT, other_key BIGINT, name VARCHAR, feed VARCHAR, record UBIGINT, method VARCHAR,
  decided_at TIMESTAMP, decided_by VARCHAR, why VARCHAR, undone_at TIMESTAMP, undone_by VARCHAR, undone_why VARCHAR);
CREATE TABLE IF NOT EXISTS core.person_alias (person_key BIGINT, spine_key BIGINT, reason VARCHAR);
CREATE TABLE IF NOT EXISTS core.person_split (person_key BIGINT, name VARCHAR, spine_key BIGINT, reason VARCHAR);
CREATE TABLE IF NOT EXISTS core.record_link (
  feed VARCHAR, record UBIGINT, person_key BIGINT, method VARCHAR, weight DOUBLE, model_version VARCHAR);
CREATE TABLE IF NOT EXISTS core.link_candidate (
  feed VARCHAR, record UBIGINT, person_key BIGINT, weight DOUBLE, probability DOUBLE, place INTEGER, decision VARCHAR, method VARCHAR,
  model_version VARCHAR);
CREATE TABLE IF NOT EXISTS core.household_link (
  feed VARCHAR, record UBIGINT, record_key VARCHAR, household_id VARCHAR, head_key BIGINT, method VARCHAR);
CREATE TABLE IF NOT EXISTS core.link_model (
  version VARCHAR, specification VARCHAR, settings VARCHAR, trained_at TIMESTAMP, people BIGINT, records BIGINT);
CREATE TABLE IF NOT EXISTS core.review_item (item VARCHAR, feed VARCHAR, record UBIGINT, made_at TIMESTAMP, candidates BIGINT[]);
CREATE TABLE IF NOT EXISTS core.review_list (
  town_code VARCHAR, list_id VARCHAR, file VARCHAR, sha256 VARCHAR, made_at TIMESTAMP, is_delivered BOOLEAN);
CREATE TABLE IF NOT EXISTS core.identity_question (
  question VARCHAR, person_key BIGINT, other_names VARCHAR[], asked_at TIMESTAMP, answer VARCHAR, answered_at TIMESTAMP, answered_by VARCHAR);
ALTER TABLE core.identity_question DROP COLUMN IF EXISTS owner_name;
CREATE OR REPLACE VIEW core.certificate_mark AS
  SELECT person_key AS disability_cert_key, substr(value, 19, 1) AS marked_category_code, substr(value, 20, 1) AS marked_grade_code
  FROM core.identity WHERE kind = 'disability_cert';
CREATE OR REPLACE VIEW core.citizen_mark AS
  SELECT person_key AS citizen_key, try_cast(substr(value, 7, 4) || '-' || substr(value, 11, 2) || '-' || substr(value, 13, 2) AS DATE) AS id_birth_date,
    CASE WHEN substr(value, 17, 1) IN ('1', '3', '5', '7', '9') THEN '1' ELSE '2' END AS id_sex_code,
    left(value, 2) IN ('11', '12', '13', '14', '15', '21', '22', '23', '31', '32', '33', '34', '35', '36', '37', '41', '42', '43', '44', '45', '46',
      '50', '51', '52', '53', '54', '61', '62', '63', '64', '65', '71', '81', '82', '83') OR left(value, 1) = '9' AS id_has_province
  FROM core.identity WHERE kind = 'citizen_id';
"""

# What follows from the decisions, and says of whom a row of any feed speaks.
WHO_IS_WHO = ("person_alias", "person_split", "record_link")


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables and two views of what a number says without naming anybody; ``core.identity`` exists.

    ``core.certificate_mark``: kind and grade in a disability certificate's number; ``core.citizen_mark``: a citizen id's birth date, its sex and
    whether its first two digits are a province (9: foreigners who live here for good).
    """
    con.execute(DDL)
