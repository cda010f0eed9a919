"""Publication: the marts as a de-identified, read-only snapshot that readers may keep open for as long as they like.

``published/<snapshot_id>/`` is complete before it gets its name, and ``published/current`` moves to it in one rename. The id is a
function of the content, so that publishing the same content again changes nothing, wherever an earlier attempt was killed.
Statistics are for internal statisticians: small cells are not rounded or suppressed here; what leaves the office is another step
(``mart.help_public`` alone is made for the public: it keeps small cells back and rounds the others).
"""

from warehouse.publish.snapshot import publish

__all__ = ["publish"]
