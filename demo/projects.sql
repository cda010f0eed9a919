-- The county's poverty projects, as macros: only a county that sends them draws them.

-- The projects: 300 of this year (those that measures of aid name) and 80 of the year before. way: how households benefit
-- (project_beneficiary.benefit_way_code), status and progress (per cent) as of the base date.
CREATE OR REPLACE MACRO project_plan() AS TABLE (
  WITH numbered AS (
    SELECT i, i < 300 AS is_new, CASE WHEN i < 300 THEN 2019 ELSE 2018 END AS year, CASE WHEN i < 300 THEN i ELSE i - 300 END AS turn, dice(i, 'project village', 242) AS v, dice(i, 'project status', 100) AS draw
    FROM range(380) AS r(i)
  )
  SELECT i, year, v, 'XM' || CAST(year AS VARCHAR) || digits(turn, 4) AS project_no,
    CASE WHEN i % 10 < 6 THEN '01' WHEN i % 10 = 6 THEN '04' WHEN i % 10 < 9 THEN '11' ELSE '12' END AS class,
    CASE WHEN i % 10 < 3 THEN '1' WHEN i % 10 < 5 THEN '3' WHEN i % 10 = 5 THEN '2' WHEN i % 10 = 6 THEN '4' ELSE '5' END AS way,
    CASE WHEN NOT is_new THEN CASE WHEN draw < 60 THEN '5' ELSE '6' END WHEN draw < 12 THEN '1' WHEN draw < 20 THEN '2' WHEN draw < 70 THEN '3' WHEN draw < 88 THEN '4' WHEN draw < 97 THEN '5' ELSE '9' END AS status,
    CASE WHEN NOT is_new OR draw BETWEEN 70 AND 96 THEN 100 WHEN draw BETWEEN 20 AND 69 THEN 30 + dice(i, 'progress', 50) ELSE 0 END AS progress,
    CASE WHEN is_new THEN DATE '2018-11-15' ELSE DATE '2017-11-15' END + CAST(dice(i, 'stocked', 20) AS INTEGER) AS stocked,
    CASE WHEN is_new THEN DATE '2019-02-20' ELSE DATE '2018-03-01' END + CAST(dice(i, 'started', 20) AS INTEGER) AS started,
    CASE WHEN is_new THEN DATE '2019-05-10' ELSE DATE '2018-10-01' END + CAST(dice(i, 'ended', 20) AS INTEGER) AS ended
  FROM numbered
);
-- Which registered heads benefit from which project: those of this year whose measure of aid names it, some others from last year's. Cents.
CREATE OR REPLACE MACRO project_list() AS TABLE (
  WITH head AS (
    SELECT pno, hno, size, name, citizen_id, household_id,
      CASE WHEN illness >= 60000 AND age <= 65 AND u(pno, 'measure') < 400000 THEN dice(pno, 'project', 300) WHEN u(hno, 'last project') < 150000 THEN 300 + dice(hno, 'last project number', 80) END AS i
    FROM person WHERE k = 1 AND is_registered AND NOT is_dead AND NOT is_pupil
  )
  SELECT head.*, project_no, year, class, way,
    CASE way WHEN '1' THEN 50000 + 10000 * dice(hno, 'benefit', 20) WHEN '3' THEN 30000 + 5000 * dice(hno, 'dividend', 10) ELSE 0 END AS amount,
    CASE WHEN year = 2019 THEN DATE '2019-05-10' ELSE DATE '2018-11-10' END + CAST(dice(hno, 'benefit day', 40) AS INTEGER) AS day
  FROM head JOIN project_plan() USING (i) WHERE status IN ('3', '4', '5', '6')
);
-- The same projects with their money: what contractors and households get, and how much of it was paid. Cents.
CREATE OR REPLACE MACRO project_money() AS TABLE (
  WITH listed AS (
    SELECT i, count(*) AS households, sum(size) AS people, sum(CASE WHEN way = '1' THEN amount ELSE 0 END) AS cash FROM project_list() GROUP BY i
  ), priced AS (
    SELECT p.*, coalesce(households, 0) AS households, coalesce(people, 0) AS people, CAST(coalesce(cash, 0) AS BIGINT) AS cash,
      CAST(3 * coalesce(cash, 0) + 20000000 + 1000000 * dice(p.i, 'contract', 180) AS BIGINT) AS contract
    FROM project_plan() p LEFT JOIN listed USING (i)
  )
  SELECT *, contract + cash AS budget,
    CASE WHEN status IN ('5', '6') THEN contract WHEN status = '4' THEN contract * 95 // 100 WHEN status = '3' THEN contract * (progress - dice(i, 'behind', 10)) // 100 ELSE 0 END AS contract_paid
  FROM priced
);
-- The document that pays for a project.
CREATE OR REPLACE MACRO project_document(year, class) AS '锦财指农〔' || CAST(year AS VARCHAR) || '〕' || CAST(100 + CAST(class AS INTEGER) AS VARCHAR) || '号';
