-- The county's balance and what of it is overdue in the last twelve months that are known.
SELECT report_month, sum(area_balance_yuan) AS area_balance_yuan, sum(overdue_yuan) AS overdue_yuan
FROM mart.finance
WHERE note_count IS NOT NULL
GROUP BY report_month
QUALIFY row_number() OVER (ORDER BY report_month DESC) <= 12
ORDER BY report_month
