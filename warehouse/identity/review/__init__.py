"""People judge what no rule and no model could: lists go out per township, answers come back as the feed ``link_review``.

``pending`` says which records wait, ``write_lists`` writes the workbooks, ``apply`` makes decisions of the answers.
"""

from warehouse.identity.review.answers import FEED, METHOD, apply, unanswerable
from warehouse.identity.review.lists import REGISTRY, kind, write_lists
from warehouse.identity.review.pending import CANDIDATES, pending

__all__ = [
    "CANDIDATES",
    "FEED",
    "METHOD",
    "REGISTRY",
    "apply",
    "kind",
    "pending",
    "unanswerable",
    "write_lists",
]
