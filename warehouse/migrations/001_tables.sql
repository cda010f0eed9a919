-- The tables beside those of the feeds, and two views of what a number says without naming anybody: core.certificate_mark (kind and grade in a
-- disability certificate's number) and core.citizen_mark (a citizen id's birth date, its sex, and whether its first two digits are a province;
-- 9: foreigners who live here for good).
--
-- From nothing, or from any warehouse made before versions were counted: such a one has some of these tables, some of them with other columns.
CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS ref;
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS mart;

-- Deliveries.
CREATE TABLE IF NOT EXISTS ops.batch (
  batch_id VARCHAR, feed VARCHAR, department VARCHAR, original_name VARCHAR, sha256 VARCHAR, size_bytes BIGINT, state VARCHAR,
  received_at TIMESTAMP, staged_at TIMESTAMP, validated_at TIMESTAMP, merged_at TIMESTAMP, as_of DATE, as_of_source VARCHAR,
  rows_read BIGINT, rows_landed BIGINT, rows_quarantined BIGINT, rows_skipped BIGINT,
  rows_inserted BIGINT, rows_ended BIGINT, rows_unchanged BIGINT, duplicate_of VARCHAR, correction_of VARCHAR, reason VARCHAR,
  coverage VARCHAR, withdrawn_at TIMESTAMP, withdrawn_by VARCHAR, withdrawn_why VARCHAR);
CREATE TABLE IF NOT EXISTS ops.batch_figure (
  batch_id VARCHAR, feed VARCHAR, column_name VARCHAR, column_label VARCHAR, median_yuan DOUBLE, total_yuan DECIMAL(38, 2), empty_rows BIGINT);
CREATE TABLE IF NOT EXISTS ops.reject (batch_id VARCHAR, feed VARCHAR, source_row BIGINT, code VARCHAR, "column" VARCHAR, rule VARCHAR);
CREATE TABLE IF NOT EXISTS ops.refused (batch_id VARCHAR, feed VARCHAR, source_row BIGINT, kind VARCHAR, person_key BIGINT, word VARCHAR, birth_date DATE);
CREATE TABLE IF NOT EXISTS ops.column_fill (
  batch_id VARCHAR, feed VARCHAR, "column" VARCHAR, is_required BOOLEAN, "rows" BIGINT, filled BIGINT);
CREATE TABLE IF NOT EXISTS ops.late_link (batch_id VARCHAR, feed VARCHAR, method VARCHAR, "rows" BIGINT);
CREATE TABLE IF NOT EXISTS ops.link (batch_id VARCHAR, feed VARCHAR, method VARCHAR, "rows" BIGINT);
CREATE TABLE IF NOT EXISTS ops.audit (
  number BIGINT, done_at TIMESTAMP, who VARCHAR, place VARCHAR, what VARCHAR, target VARCHAR, about VARCHAR, why VARCHAR, detail VARCHAR, seal VARCHAR);
CREATE TABLE IF NOT EXISTS ops.build (entries BIGINT, built_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS ops.export (
  request_id VARCHAR, requested_at TIMESTAMP, requested_by VARCHAR, recipient VARCHAR, why VARCHAR, relation VARCHAR, columns VARCHAR[],
  format VARCHAR, expires_at TIMESTAMP, decision VARCHAR, decided_at TIMESTAMP, decided_by VARCHAR, decided_why VARCHAR, written_at TIMESTAMP,
  written_by VARCHAR, snapshot_id VARCHAR, "rows" BIGINT, sha256 VARCHAR);

-- Who is who.
-- Every delivery looks for its people by value: plain text is found in half the time.
CREATE TABLE IF NOT EXISTS core.identity (kind VARCHAR, value VARCHAR USING COMPRESSION uncompressed, person_key BIGINT, batch_id VARCHAR);
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

-- Rules, clues, and what was built.
CREATE TABLE IF NOT EXISTS ops.rule_run (
  rule_id VARCHAR, rule_version BIGINT, rule_title VARCHAR, severity VARCHAR, owner VARCHAR, subject_kind VARCHAR, as_of DATE,
  subjects BIGINT, hits BIGINT, clear BIGINT, unknown BIGINT, unset BIGINT, missing_feeds VARCHAR, unset_parameters VARCHAR,
  parameters VARCHAR, batches VARCHAR);
CREATE TABLE IF NOT EXISTS ops.rule_hit (
  rule_id VARCHAR, subject VARCHAR, person_key BIGINT, household_id VARCHAR, village_code VARCHAR, verdict VARCHAR, evidence VARCHAR);
CREATE TABLE IF NOT EXISTS ops.clue (
  clue_id VARCHAR, rule_id VARCHAR, rule_version BIGINT, subject_kind VARCHAR, subject VARCHAR, person_key BIGINT, household_id VARCHAR,
  village_code VARCHAR, severity VARCHAR, owner VARCHAR, first_seen DATE, opened_on DATE, last_seen DATE, cleared_on DATE,
  times_opened BIGINT, due_date DATE, evidence VARCHAR);
CREATE TABLE IF NOT EXISTS ops.clue_round (clue_id VARCHAR, round BIGINT, opened_on DATE, due_date DATE, cleared_on DATE);
CREATE TABLE IF NOT EXISTS ops.worklist (
  unit VARCHAR, list_id VARCHAR, file VARCHAR, sha256 VARCHAR, made_at TIMESTAMP, is_delivered BOOLEAN);
CREATE TABLE IF NOT EXISTS ops.built (name VARCHAR, version VARCHAR, content VARCHAR);

-- What the older ones of them lack, or have no more.
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS coverage VARCHAR;
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS withdrawn_at TIMESTAMP;
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS withdrawn_by VARCHAR;
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS withdrawn_why VARCHAR;
ALTER TABLE ops.reject DROP COLUMN IF EXISTS household_id;
ALTER TABLE ops.built ADD COLUMN IF NOT EXISTS content VARCHAR;
ALTER TABLE core.person_split ADD COLUMN IF NOT EXISTS reason VARCHAR;
ALTER TABLE core.household_link ADD COLUMN IF NOT EXISTS record_key VARCHAR;
ALTER TABLE core.household_link ADD COLUMN IF NOT EXISTS head_key BIGINT;
ALTER TABLE core.link_model ADD COLUMN IF NOT EXISTS specification VARCHAR;
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
