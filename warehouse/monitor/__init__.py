"""Marts: bare SELECTs of ``sql/`` become tables, in an order that is read from the SQL itself.

``build`` is a function of the warehouse's content: the run date is the newest as-of date that a merged batch states, never the
clock. What a mart may know about feeds and dates stands in five small relations that are filled here: ``ref.run``,
``ref.feed``, ``ref.feed_state`` and one table per file of ``sql/codes``.
"""

from warehouse.monitor.build import build
from warehouse.monitor.order import Table, build_order

__all__ = ["Table", "build", "build_order"]
