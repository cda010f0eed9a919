"""Great Expectations' Data Docs of each feed's latest result, as self-contained pages.

GX's own renderers make the content. Its page frame is left out: it loads styles and scripts from the internet (no
machine here reaches it) and brings 4 MB of assets. The input is the stored ``gx.json``, which holds counts only; so do
the pages.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.errors import TerminalError
from expectations.run import warm

_STYLE = """
body{font:14px/1.5 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:0 auto;max-width:70rem;padding:1rem}
table{border-collapse:collapse;width:100%;margin:.3rem 0 1rem}
td,th{border-bottom:1px solid #ddd;padding:.25rem .5rem;text-align:left} td:first-child{white-space:nowrap}
.alert{background:#eef1f4;padding:.3rem .6rem} .ge-section h5{margin:0;font-size:1rem}
h6,.h6{margin:.3rem 0;font-size:.9rem;font-weight:bold} i{font-style:normal;font-weight:bold}
.text-success{color:#18794e} .text-danger{color:#b42318}
.fa-check-circle::before{content:"✓"} .fa-times::before{content:"✗"} .fa-exclamation-triangle::before{content:"!"}
"""


def _page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _render(summary: Mapping[str, Any]) -> str:
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaSectionView

    result = expectationSuiteValidationResultSchema.load(dict(summary))
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(result)
    view = DefaultJinjaSectionView()
    # The last section is GX's run info: its version and a run that this project does not name.
    sections = [
        view.render({"section": section.to_json_dict(), "section_loop": {"index": number}})
        for number, section in enumerate(document.sections[:-1], start=1)
    ]
    body = "\n".join(sections)
    body = re.sub(r"(?s)<(script|style|img|link)\b.*?(</\1>|>)", "", body)
    body = re.sub(r"(?s)<a\b[^>]*>(.*?)</a>", r"\1", body)
    return re.sub(r"\n\s*\n+", "\n", body)


def build_site(results: Mapping[str, Mapping[str, Any]], target: Path) -> Path:
    """Write ``target/<feed>.html`` for each stored result (feed → gx.json as dict) and ``target/index.html``.

    Pages of feeds that are not in ``results`` are removed. Takes about 0.1 s a feed. Returns the index. Raises
    TerminalError for a broken result.
    """
    warm()
    target.mkdir(parents=True, exist_ok=True)
    lines = []
    for name in sorted(results):
        summary = results[name]
        try:
            body, title, statistics = _render(summary), str(summary["meta"]["title"]), summary["statistics"]
        except Exception as error:
            raise TerminalError(f"feed {name}: its gx.json cannot be shown ({type(error).__name__})") from None
        heading = f'<p><a href="index.html">全部数据</a></p>\n<h1>{html.escape(title)}（{html.escape(name)}）</h1>\n'
        (target / f"{name}.html").write_text(_page(title, heading + body), encoding="utf-8")
        count, failed = statistics["evaluated_expectations"], statistics["unsuccessful_expectations"]
        department = html.escape(str(summary["meta"].get("department", "")))
        link = f'<a href="{name}.html">{html.escape(title)}</a>'
        lines.append(f"<tr><td>{link}</td><td>{department}</td><td>{count}</td><td>{failed}</td></tr>")
    for stale in target.glob("*.html"):
        if stale.stem not in results:
            stale.unlink()
    table = "<tr><th>数据</th><th>部门</th><th>检查项</th><th>未通过</th></tr>\n" + "\n".join(lines)
    index = target / "index.html"
    index.write_text(_page("数据质量检查", f"<h1>数据质量检查</h1>\n<table>\n{table}\n</table>"), encoding="utf-8")
    return index
