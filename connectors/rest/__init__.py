"""Feeds whose rows come from an HTTP interface that answers in JSON, page by page.

``declaration`` what a feed says · ``credentials`` who asks · ``client`` one question, one answer, within a deadline · ``paging`` which
question comes next · ``answer`` what a page says · ``pages`` what has arrived, on disk · ``table`` pages become rows · ``run`` all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.feed import Feed
    from connectors.pull import Pulled, Request


def pull(request: Request) -> Pulled | None:
    """See :func:`connectors.pull.pull`."""
    from connectors.rest import run

    return run.pull(request)


def check(feed: Feed) -> list[str]:
    """See :func:`connectors.pull.check`."""
    from connectors.rest import run

    return run.check(feed)
