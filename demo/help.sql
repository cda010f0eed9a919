-- What households ask for and what society offers, as macros: only a county that sends them draws them.

-- The kinds of help: category, item and unit of the codes in connectors/feeds/help_need.toml, the smallest quantity and how it spreads. Cents where the unit is money.
CREATE OR REPLACE MACRO help_kinds() AS TABLE (
  FROM (VALUES (0, '01', '01', '01', 100000, 40), (1, '02', '06', '02', 1, 2), (2, '03', '11', '04', 2, 8), (3, '04', '09', '05', 20, 40), (4, '05', '12', '07', 1, 2),
    (5, '06', '13', '08', 1, 3), (6, '07', '02', '03', 25, 6), (7, '07', '03', '02', 2, 6), (8, '09', '14', '09', 8, 30), (9, '08', '01', '01', 50000, 30), (10, '99', '99', '02', 1, 3)) t(kind, category, item, unit, least, spread)
);
-- Offers: whole county, one township or one village; one in fifteen is over, one in thirty has not begun.
CREATE OR REPLACE MACRO help_offers() AS TABLE (
  SELECT i, 'GJ2019' || digits(i, 6) AS offer_no, k.*, 1 + dice(i, 'giver', 4) AS giver, w.village_code, w.town_code, dice(i, 'offer area', 10) AS area_draw,
    least * (10 + dice(i, 'offer size', 40)) AS quantity, DATE '2018-10-01' + CAST(dice(i, 'offered', 200) AS INTEGER) AS offered, dice(i, 'offer end', 30) AS end_draw
  FROM range(CAST(110 + getvariable('people') // 250 AS BIGINT)) AS r(i) JOIN help_kinds() k ON k.kind = i % 11 JOIN village w ON w.v = dice(i, 'offer village', 242)
);
-- Needs of registered households. progress: 0 – 54 waits, 55 – 64 arranged, 65 – 84 fulfilled, 85 – 91 fulfilled by half, 92 – 97 cancelled, 98 – 99 delivered more than was asked for.
CREATE OR REPLACE MACRO help_needs() AS TABLE (
  SELECT p.pno, p.hno, p.household_id, p.village_code, p.data_date, k.*, 'XQ2019' || digits(p.hno, 8) AS need_no, least * (1 + dice(p.hno, 'need size', spread)) AS quantity,
    DATE '2018-11-01' + CAST(dice(p.hno, 'need day', 180) AS INTEGER) AS asked, dice(p.hno, 'need publication', 20) AS publication, dice(p.hno, 'need progress', 100) AS progress,
    u(p.hno, 'need urgent') < 80000 AS is_urgent, dice(p.hno, 'need end', 40) AS end_draw
  FROM person p JOIN help_kinds() k ON k.kind = dice(p.hno, 'need kind', 11)
  WHERE p.k = 1 AND p.is_registered AND NOT p.is_dead AND u(p.hno, 'needs') < 450000
);
