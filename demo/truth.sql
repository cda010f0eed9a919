-- The truth tables of the county, filled file by file; t_situations and the county's figures come last.
CREATE OR REPLACE TABLE t_rows (feed VARCHAR, file VARCHAR, "row" BIGINT, person BIGINT, has_id BOOLEAN, expected_link BIGINT);
CREATE OR REPLACE TABLE t_errors (feed VARCHAR, file VARCHAR, "row" BIGINT, "column" VARCHAR, code VARCHAR, description VARCHAR);
CREATE OR REPLACE TABLE t_tolerated (feed VARCHAR, file VARCHAR, "row" BIGINT, "column" VARCHAR, kind VARCHAR);
CREATE OR REPLACE TABLE t_counts (name VARCHAR, feed VARCHAR, value BIGINT);
