-- core.safety_net_ready
-- 兜底各项数字所需的数据源是否都到了、没有过期：到了才有数，没有到的不能当作零。
-- Grain: one row.
-- Kept as: view (one line that follows from the state of feeds).
-- 政策依据: 缺数据不等于没有（“无数据”不能算作达标）。
-- Inputs: ref.feed_state.
-- Limits: 代缴名单（premium_subsidy）不是必需：参保名单里有代缴额。
-- Tie-breaks: none.
SELECT
  coalesce(bool_and(is_present AND NOT is_stale) FILTER (WHERE feed IN ('registry_person', 'registry_household', 'household_registration')), FALSE) AS has_registry,
  coalesce(bool_and(is_present AND NOT is_stale) FILTER (WHERE feed = 'subsistence_allowance'), FALSE) AS has_allowance,
  coalesce(bool_and(is_present AND NOT is_stale) FILTER (WHERE feed = 'special_hardship'), FALSE) AS has_hardship,
  coalesce(
    bool_and(is_present AND NOT is_stale) FILTER (WHERE feed IN ('registry_person', 'registry_household', 'social_insurance', 'education_enrollment')),
    FALSE
  ) AS has_premium,
  coalesce(
    bool_and(is_present AND NOT is_stale)
      FILTER (WHERE feed IN ('registry_person', 'registry_household', 'social_insurance', 'subsistence_allowance', 'special_hardship', 'disability')),
    FALSE
  ) AS has_premium_ground,
  coalesce(bool_and(is_present AND NOT is_stale) FILTER (WHERE feed IN ('disability', 'subsistence_allowance', 'special_hardship')), FALSE) AS has_living,
  coalesce(bool_and(is_present AND NOT is_stale) FILTER (WHERE feed IN ('disability', 'special_hardship')), FALSE) AS has_nursing,
  coalesce(
    bool_and(is_present AND NOT is_stale) FILTER (WHERE feed IN ('registry_person', 'registry_household', 'disability', 'disability_service')), FALSE
  ) AS has_service
FROM ref.feed_state
