-- Macros of the synthetic county. Everything drawn is a function of (thing, seed, tag): no random(), no order of threads.

-- A draw in 0 … 999999.
CREATE OR REPLACE MACRO u(i, tag) AS CAST(hash(i, getvariable('seed'), tag) % 1000000 AS BIGINT);
-- A draw in 0 … n-1.
CREATE OR REPLACE MACRO dice(i, tag, n) AS CAST(hash(i, getvariable('seed'), tag) % n AS BIGINT);
-- Did this row change since the month before (share in per cent)?
CREATE OR REPLACE MACRO is_changed(i, tag) AS hash(i, getvariable('seed'), tag, 'changed') % 10000 < getvariable('changed') * 100;

-- Cents as an amount in yuan with two digits; cents are never negative.
CREATE OR REPLACE MACRO yuan(cents) AS CAST(CAST(cents AS BIGINT) // 100 AS VARCHAR) || '.' || lpad(CAST(CAST(cents AS BIGINT) % 100 AS VARCHAR), 2, '0');
CREATE OR REPLACE MACRO yes_no(flag) AS CASE WHEN flag THEN '是' WHEN NOT flag THEN '否' END;
CREATE OR REPLACE MACRO month_text(d) AS left(CAST(d AS VARCHAR), 7);
CREATE OR REPLACE MACRO digits(i, n) AS lpad(CAST(i AS VARCHAR), n, '0');
CREATE OR REPLACE MACRO char_at_grade(n) AS substr('一二三四五六七八九', CAST(n AS BIGINT), 1);
-- One character of a text, drawn.
CREATE OR REPLACE MACRO char_of(chars, i, tag) AS substr(chars, CAST(1 + hash(i, getvariable('seed'), tag) % length(chars) AS BIGINT), 1);

-- Check digit of the first 17 digits of a citizen id (GB 11643, ISO 7064 MOD 11-2), from the number itself.
CREATE OR REPLACE MACRO place(body, power) AS (body // power) % 10;
CREATE OR REPLACE MACRO id_check(body) AS substr('10X98765432', CAST(1 + (
    7 * place(body, 10000000000000000) + 9 * place(body, 1000000000000000) + 10 * place(body, 100000000000000)
  + 5 * place(body, 10000000000000) + 8 * place(body, 1000000000000) + 4 * place(body, 100000000000)
  + 2 * place(body, 10000000000) + place(body, 1000000000) + 6 * place(body, 100000000) + 3 * place(body, 10000000)
  + 7 * place(body, 1000000) + 9 * place(body, 100000) + 10 * place(body, 10000) + 5 * place(body, 1000)
  + 8 * place(body, 100) + 4 * place(body, 10) + 2 * place(body, 1)) % 11 AS BIGINT), 1);
CREATE OR REPLACE MACRO id_of(body) AS CAST(body AS VARCHAR) || id_check(body);

-- Surnames: common ones by weight, a few of two characters, a few traditional or look-alike forms (閆/闫, 於/于).
CREATE OR REPLACE MACRO family(i) AS CASE
  WHEN u(i, 'family kind') < 3000 THEN '欧阳'
  WHEN u(i, 'family kind') < 4000 THEN '司徒'
  WHEN u(i, 'family kind') < 5000 THEN '那拉'
  WHEN u(i, 'family kind') < 11000 THEN char_of('閆闫呂吕劉刘於于', i, 'variant')
  ELSE char_of('王王王王王李李李李李张张张张张刘刘刘刘陈陈陈杨杨杨赵赵赵黄周吴徐孙孙孙马马朱胡郭何林高高罗郑梁谢宋宋唐许邓冯韩韩曹曾彭萧蔡潘田董袁于于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷佟佟关关那赫富', i, 'family')
END;
-- Given names; some hold characters that GBK lacks (four bytes in GB18030), some of those outside the BMP.
CREATE OR REPLACE MACRO given(i, male) AS CASE
  WHEN u(i, 'rare') < 4000 THEN char_of('㳇㙦䶮䴖㛃㭎𬱖𫖯𠅤', i, 'rare character')
  ELSE CASE WHEN male THEN char_of('伟强军勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆志国建文德福贵春洪玉宝忠永庆东海振兴', i, 'first')
       ELSE char_of('芳娜敏静秀丽艳娟霞燕红玲桂英梅兰凤洁琳素云莲真环雪荣爱妹香月莺媛瑞凡佳春玉淑清珍', i, 'first') END
END || CASE WHEN u(i, 'two') < 700000 THEN
  CASE WHEN male THEN char_of('伟强军勇杰涛明超刚平辉鹏华飞龙波斌宇浩凯健俊民林山君生才发武新利清彬富顺信子', i, 'second')
       ELSE char_of('芳娜敏静丽艳娟霞燕红玲英梅兰凤洁云莲环荣香月琴珍贞华慧巧美茹', i, 'second') END
  ELSE '' END;

-- Check character of the first 17 digits of a unified credit code (GB 32100).
CREATE OR REPLACE MACRO credit_check(body) AS substr('0123456789ABCDEFGHJKLMNPQRTUWXY', CAST(1 + (31 - list_sum(list_transform(range(1, 18),
  lambda i: [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28][i] * CAST(substr(body, i, 1) AS BIGINT))) % 31) % 31 AS BIGINT), 1);
-- A credit code nobody can have: the registering division is the unassigned 219900. kind: 1 enterprise, 2 individual, 3 cooperative.
CREATE OR REPLACE MACRO credit_code(kind, i) AS '9' || kind || '219900' || digits(i, 9) || credit_check('9' || kind || '219900' || digits(i, 9));
