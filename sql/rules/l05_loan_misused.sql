-- L05 违规用途
-- 扶贫小额信贷用于建房、结婚、看病、理财、还旧贷、消费等非生产用途的。
-- 政策依据: 银监发〔2017〕42号：扶贫小额信贷精准用于发展生产，不得用于建房、理财、购置家庭用品等非生产性支出；北委发〔2019〕5号 四(七)。
-- Severity: 红
-- Owner: yinhang
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: loan（借款人所在的建档立卡户）
-- Parameters: none
-- Feeds: bank_loan
-- Inputs: core.loan.
-- Limits: 只看没有结清的扶贫小额信贷，只凭借据所写的用途；没有写用途的无法判定。建猪舍、买农用车、农家乐装修等生产用途不算。
-- Tie-breaks: none; one row per loan note.
WITH judged AS (
  SELECT
    loan_no, person_key, household_id, village_code, amount_yuan, purpose,
    CASE
      WHEN regexp_matches(purpose, '猪|鸡|牛|羊|蜂|大棚|温室|农家乐|民宿|饭店|农机|农用|种植|养殖') THEN NULL
      WHEN regexp_matches(purpose, '(建|盖|购|买|翻建|装修|修缮|翻修)(住|新|楼|商品|自住)*房|住房|房屋(装修|修缮|翻建)|装修') THEN '建房购房'
    END AS housing,
    CASE WHEN regexp_matches(purpose, '结婚|婚礼|婚嫁|彩礼|嫁妆|丧葬|办丧') THEN '婚丧' END AS wedding,
    CASE WHEN regexp_matches(purpose, '看病|治病|就医|住院|医疗费|医药费|手术') THEN '看病' END AS illness,
    CASE WHEN regexp_matches(purpose, '理财|炒股|股票|买基金|购买基金|存款|放贷|转借') THEN '理财转借' END AS investment,
    CASE WHEN regexp_matches(purpose, '还旧|还贷|偿还|归还|还债|借新还') THEN '还旧贷' END AS repayment,
    CASE WHEN regexp_matches(purpose, '消费|轿车|小汽车|家具|家用电器|生活费|日常生活|学费|上学|赌') THEN '消费' END AS consumption
  FROM core.loan
  WHERE product_code = '1' AND is_open
)
SELECT
  loan_no AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN coalesce(housing, wedding, illness, investment, repayment, consumption) IS NOT NULL THEN '命中'
    WHEN purpose IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws('、', housing, wedding, illness, investment, repayment, consumption) AS clue_basis,
  CAST(amount_yuan AS DECIMAL(18, 2)) AS loan_amount_yuan
FROM judged
