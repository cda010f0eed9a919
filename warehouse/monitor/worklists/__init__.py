"""People verify what rules found: worklists go out to townships and departments, answers come back as the feed ``clue_verification``.

``content`` says what stands in each list, ``write_lists`` writes the workbooks that have changed. What the answers mean is SQL
(``sql/core/clue_step.sql``).
"""

from warehouse.monitor.worklists.lists import FEED, kind, write_lists

__all__ = ["FEED", "kind", "write_lists"]
