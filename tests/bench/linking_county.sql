-- A county for the linkage: people, and rows about some of them as departments without citizen ids send them.
-- Variables: seed, people, rows, divisions (path). Everything drawn is a function of (thing, seed, tag): no random(), no order of threads.
-- Nobody in it can be a living person: names and dates are drawn apart, id digits are of the unassigned division 219901.

CREATE OR REPLACE TEMP MACRO u(i, tag) AS CAST(hash(i, getvariable('seed'), tag) % 1000000 AS BIGINT);
CREATE OR REPLACE TEMP MACRO dice(i, tag, n) AS CAST(hash(i, getvariable('seed'), tag) % n AS BIGINT);
-- A character of a text whose first ones are the usual ones.
CREATE OR REPLACE TEMP MACRO skewed(chars, i, tag) AS substr(chars, CAST(1 + floor(length(chars) * pow(u(i, tag) / 1000000.0, 1.6)) AS BIGINT), 1);
CREATE OR REPLACE TEMP MACRO other_char(i, tag) AS
  substr('安博才成德恩方光海继坚克良民乃培庆荣善泰维贤学义远泽正志中卓宗祖', CAST(1 + dice(i, tag, 34) AS BIGINT), 1);

CREATE OR REPLACE TEMP MACRO family(i) AS CASE WHEN u(i, 'compound') < 2000 THEN '欧阳' ELSE skewed(
  '王李张刘陈杨赵黄周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷佟关那赫富单解查盖温庄严牛樊葛安常武乔贺赖龚文庞兰殷施陶洪翟齐康伍毛倪申肖颜聂', i, 'family') END;
CREATE OR REPLACE TEMP MACRO first_of(male, i, tag) AS CASE WHEN male THEN skewed('建国志文德海玉振永春宝庆福立洪明忠学广金东长景凤成树世俊少晓小子家兴万云维连占士殿宗吉向希克光嘉梓浩宇天泽鹏博', i, tag)
  ELSE skewed('秀玉桂淑丽凤素春晓艳红海小雪美金彩亚慧佳雨思梦欣诗若子梓月云兰英爱香宝荣惠景静洪立文明志俊雅婉依芷', i, tag) END;
CREATE OR REPLACE TEMP MACRO last_of(male, i, tag) AS CASE WHEN male THEN skewed('伟军强刚勇涛杰明超平辉鹏华飞磊波斌峰宇浩凯健林生民山龙君才发武新利清彬富顺信国良祥友文成东海洋旭亮义和仁贵宝全有财旺昌盛茂松柏', i, tag)
  ELSE skewed('芳娜敏静丽艳娟霞燕玲梅兰洁云莲环荣香琴珍华慧巧茹芬英红萍琳雪莹颖婷倩怡洋悦涵萱彤瑶菲蕊杰君平波伟清明文', i, tag) END;

CREATE OR REPLACE TEMP TABLE bench_village AS
SELECT row_number() OVER (ORDER BY village_code) - 1 AS v, village_code FROM read_csv(getvariable('divisions'), all_varchar = true);

-- One person in a hundred is not in the register: rows about him must not be given to his namesake, twin or father.
CREATE OR REPLACE TEMP TABLE bench_household AS
WITH drawn AS (
  SELECT range AS hno, [1, 2, 2, 3, 3, 3, 4, 4, 5, 6][1 + dice(range, 'size', 10)] AS size FROM range(1, CAST(getvariable('people') / 3.2 + 20 AS BIGINT))
)
SELECT hno, size, CAST(sum(size) OVER (ORDER BY hno) AS BIGINT) - size AS before_no, dice(hno, 'village', (SELECT count(*) FROM bench_village)) AS v,
  -- Four households in ten are of one of their village's three clans.
  family(CASE WHEN u(hno, 'clan') < 400000 THEN 9000000 + 3 * dice(hno, 'village', (SELECT count(*) FROM bench_village)) + dice(hno, 'which clan', 3) ELSE hno END) AS family, 26 + dice(hno, 'age', 55) AS head_age FROM drawn;

CREATE OR REPLACE TEMP TABLE bench_person AS
WITH member AS (
  SELECT h.*, range AS place, h.before_no + range + 1 AS no,
    CASE range WHEN 0 THEN u(h.hno, 'head is male') < 850000 WHEN 1 THEN u(h.hno, 'head is male') >= 850000 ELSE dice(h.before_no + range, 'sex', 2) = 0 END AS male
  FROM bench_household AS h, range(h.size) WHERE h.before_no + range < getvariable('people') * 1.01
), named AS (
  SELECT *,
    CASE WHEN place = 1 THEN family(no + 7777777) ELSE family END || CASE
      -- A son or daughter who bears the parent's name, and brothers and sisters who share the first character.
      WHEN place >= 2 AND male AND u(no, 'junior') < 3000 THEN given_of_head
      WHEN u(no, 'one character') < 220000 THEN last_of(male, no, 'only')
      WHEN place >= 2 AND u(hno, 'generation') < 400000 THEN first_of(true, hno, 'generation') || last_of(male, no, 'last')
      ELSE first_of(male, no, 'first') || last_of(male, no, 'last') END AS name,
    CASE WHEN place >= 2 AND place % 2 = 1 AND u(hno, 'twins') < 30000 THEN no - 1 ELSE no END AS birth_no
  FROM (SELECT *, CASE WHEN u(before_no + 1, 'one character') < 220000 THEN last_of(true, before_no + 1, 'only')
    ELSE first_of(true, before_no + 1, 'first') || last_of(true, before_no + 1, 'last') END AS given_of_head FROM member)
)
SELECT no, hno, place, male, name, v, DATE '2019-06-30' - CAST(365.25 * greatest(CASE WHEN place = 0 THEN head_age WHEN place = 1 THEN head_age - 3 + dice(no, 'spouse', 7)
    WHEN place = 5 THEN head_age + 25 ELSE head_age - 24 - dice(birth_no, 'child', 12) END, 0) + dice(birth_no, 'day', 365) AS INTEGER) AS birth_date,
  CAST(hash(no, getvariable('seed'), 'key') >> 1 AS BIGINT) AS person_key, u(no, 'absent') < 10000 AS is_absent
FROM named;

CREATE OR REPLACE TEMP TABLE bench_relative AS
SELECT hno, list(name ORDER BY no) AS names, list(no ORDER BY no) AS numbers, min_by(name, no) AS head_name FROM bench_person GROUP BY hno;

CREATE OR REPLACE TABLE people AS
SELECT p.person_key, p.name, p.birth_date, CASE WHEN p.male THEN '1' ELSE '2' END AS sex_code, w.village_code, 'H' || lpad(CAST(p.hno AS VARCHAR), 9, '0') AS household_key,
  list_filter(r.names, lambda n, i: r.numbers[i] <> p.no) AS relatives
FROM bench_person AS p JOIN bench_village AS w USING (v) JOIN bench_relative AS r USING (hno) WHERE NOT p.is_absent;

-- What was written wrong, one draw a field. One row in twenty speaks of somebody who is not in the register.
CREATE OR REPLACE TEMP TABLE bench_row AS
WITH chosen AS (
  SELECT * FROM (SELECT * FROM bench_person WHERE NOT is_absent ORDER BY hash(no, getvariable('seed'), 'row'), no LIMIT CAST(getvariable('rows') * 0.95 AS BIGINT))
  UNION ALL
  SELECT * FROM (SELECT * FROM bench_person WHERE is_absent ORDER BY hash(no, getvariable('seed'), 'row'), no LIMIT CAST(getvariable('rows') * 0.05 AS BIGINT))
)
SELECT c.*, hash(no, getvariable('seed'), 'row key') AS row_key, 
  u(no, 'name error') AS ne, u(no, 'birth error') AS be, u(no, 'village error') AS ve, u(no, 'household error') AS he, u(no, 'relative error') AS re, u(no, 'sex error') AS se, u(no, 'id error') AS ie
FROM chosen AS c;

-- A character for another of the same sound, and the written-out form of a simplified one.
CREATE OR REPLACE TEMP TABLE bench_sound AS
SELECT a.character, min_by(b.character, hash(a.character, b.character)) AS other FROM bench_pinyin AS a JOIN bench_pinyin AS b ON a.pinyin = b.pinyin AND a.character <> b.character
WHERE ascii(a.character) BETWEEN 19968 AND 40959 AND ascii(b.character) BETWEEN 19968 AND 40959 GROUP BY a.character;
CREATE OR REPLACE TEMP TABLE bench_written_out AS
SELECT common_character AS character, min(character) AS other FROM bench_variant WHERE ascii(character) BETWEEN 19968 AND 40959 GROUP BY common_character;

CREATE OR REPLACE TEMP TABLE bench_written AS
SELECT r.*, w.village_code AS true_village, z.head_name, z.names, strftime(birth_date, '%Y%m%d') AS ymd,
  CASE
    WHEN ne < 10000 THEN NULL
    WHEN ne < 30000 THEN left(name, length(name) - 1) || coalesce(s.other, right(name, 1))
    WHEN ne < 45000 THEN coalesce(t.other, left(name, 1)) || substr(name, 2)
    WHEN ne < 75000 THEN CASE WHEN length(name) > 2 THEN left(name, length(name) - 2) || other_char(no, 'wrong') || right(name, 1) ELSE left(name, 1) || other_char(no, 'wrong') END
    WHEN ne < 85000 THEN CASE WHEN length(name) > 2 THEN left(name, 1) || right(name, 1) ELSE name END
    WHEN ne < 95000 THEN left(name, length(name) - 1) || ['?', '�', chr(58000)][1 + dice(no, 'wild', 3)]
    WHEN ne < 105000 THEN left(name, 1) || '　' || substr(name, 2)
    WHEN ne < 110000 THEN name || '（户主）'
    WHEN ne < 115000 THEN name || '2'
    ELSE name END AS written_name
FROM bench_row AS r JOIN bench_village AS w USING (v) JOIN bench_relative AS z USING (hno)
LEFT JOIN bench_sound AS s ON s.character = right(r.name, 1) LEFT JOIN bench_written_out AS t ON t.character = left(r.name, 1);

CREATE OR REPLACE TABLE unlinked AS
SELECT row_key, written_name AS name,
  CASE WHEN be < 50000 THEN NULL
       WHEN be < 130000 THEN birth_date
       WHEN be < 150000 AND day(birth_date) <= 12 THEN make_date(year(birth_date), day(birth_date), month(birth_date))
       WHEN be < 190000 THEN try_cast(left(ymd, 3) || CAST((CAST(substr(ymd, 4, 1) AS INTEGER) + 1 + dice(no, 'digit', 9)) % 10 AS VARCHAR) || '-' || substr(ymd, 5, 2) || '-' || right(ymd, 2) AS DATE)
       WHEN be < 220000 THEN birth_date - CAST(18 + dice(no, 'lunar', 35) AS INTEGER)
       ELSE birth_date END AS birth_date,
  CASE WHEN be < 50000 THEN NULL WHEN be < 100000 THEN 'month' WHEN be < 130000 THEN 'year' ELSE 'day' END AS birth_grain,
  CASE WHEN se < 100000 THEN NULL WHEN (se < 110000) = male THEN '2' ELSE '1' END AS sex_code,
  CASE WHEN ve < 120000 THEN NULL WHEN ve < 150000 THEN (SELECT max(village_code) FROM bench_village AS o WHERE o.v = (b.v + 1) % 242) ELSE true_village END AS village_code,
  CASE WHEN he < 300000 THEN 'H' || lpad(CAST(hno AS VARCHAR), 9, '0') WHEN he < 310000 THEN 'H' || lpad(CAST(hno + 1 AS VARCHAR), 9, '0') END AS household_key,
  CASE WHEN re < 350000 AND head_name <> name THEN [head_name] WHEN re < 360000 THEN ['张不详'] END AS relatives,
  CASE WHEN ie < 20000 THEN left('219901' || lpad(CAST(dice(no, 'wrong id', 100000000) AS VARCHAR), 8, '0'), 14)
       WHEN ie < 120000 THEN left('219901' || ymd || '0', CAST(6 + dice(no, 'id digits', 10) AS INTEGER)) END AS id_part
FROM bench_written AS b;

-- What is true: the person of each row (NULL: not in the register), and how many errors name and birth have.
CREATE OR REPLACE TABLE truth AS
SELECT t.row_key, CASE WHEN NOT is_absent THEN person_key END AS person_key, t.name IS NOT NULL AND t.birth_grain = 'day' AND (t.village_code IS NOT NULL OR t.household_key IS NOT NULL)
    AND CAST(ne BETWEEN 10000 AND 94999 AND written_name <> b.name AS INTEGER) + CAST(t.birth_date IS DISTINCT FROM b.birth_date AS INTEGER) <= 1 AS is_expected,
  ne, be
FROM bench_written AS b JOIN unlinked AS t USING (row_key);
