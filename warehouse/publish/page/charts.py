"""Charts as inline SVG, drawn when the page is written: they print, need no script and no room on the wire."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pysvgchart
from markupsafe import Markup

WIDTH, HEIGHT = 560, 230
COLOURS = {
    "红": "#c4463a", "橙": "#e07b1a", "黄": "#d9b310", "蓝": "#3a7ca5", "余额": "#2f6690", "逾期": "#c4463a", "下达": "#9fb8cc", "支付": "#2f6690",
}  # fmt: skip


def columns(title: str, labels: Sequence[Any], series: dict[str, Sequence[Any]], scale: int = 1) -> Markup:
    """Groups of upright bars: one group per label, one bar per series, values divided by ``scale``. One group is no trend and is not drawn."""
    if len(labels) < 2:
        return Markup('<p class="empty">{}：两期起画图，现有 {} 期。</p>').format(title, len(labels))
    values = [[float(Decimal(value or 0) / scale) for value in row] for row in series.values()]
    room = (WIDTH - 80) / len(labels)
    chart = pysvgchart.BarChart(
        x_values=[f"{label:%Y-%m}" if isinstance(label, dt.date) else str(label) for label in labels],
        y_values=values,
        y_names=list(series),
        y_zero=True,
        y_max=max(1.0, *(max(row) for row in values)),
        y_max_ticks=5,
        width=WIDTH,
        height=HEIGHT,
        left_margin=64,
        right_margin=16,
        y_margin=26,
        bar_width=min(26.0, room / (len(values) + 1)),
        bar_gap=2,
        colours=[COLOURS[name] for name in series],
    )
    chart.add_x_grid(major_grid_style={"stroke": "#e3e8ee"})
    # Tenths of a pixel are enough, and a longer run of digits looks like an id to the guard.
    drawn = re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.1f}", chart.render(include_default=False))
    drawn = drawn.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    keys = Markup("").join(
        Markup('<span class="key"><i style="background:{}"></i>{}</span>').format(COLOURS[name], name)
        for name in series
    )
    return Markup("<figure><figcaption>{} {}</figcaption>{}</figure>").format(title, keys, Markup(drawn))
