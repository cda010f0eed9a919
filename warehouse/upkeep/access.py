"""Who may do what in Airflow: the office's roles on top of Airflow's simple auth manager, whose users stand in airflow.cfg.

engineer   whatever Airflow's «op» may: runs, connections, variables, pools, the questions of the DAG ``identity``
operator   of a department: reads, and runs feeds
publisher  reads, and runs ``marts``, which ends in a publication
auditor    reads, the log of what was done in Airflow too; changes nothing
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager, SimpleAuthManagerRole
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

from connectors.feed import load_feeds

READS = SimpleAuthManagerRole.VIEWER.name
ROLES = {"engineer": SimpleAuthManagerRole.OP.name, "operator": READS, "publisher": READS, "auditor": READS}


def _may_run(role: str, dag: str | None) -> bool:
    return (role == "operator" and dag in load_feeds()) or (role == "publisher" and dag == "marts")


class OfficeAuthManager(SimpleAuthManager):
    """``name:role`` with one of the roles above, or one of Airflow's own (``admin``); who has none of them may do nothing."""

    @staticmethod
    def _is_authorized(*, user: SimpleAuthManagerUser, **asked: Any) -> bool:
        role = (user.role or "").lower()
        known = ROLES.get(role, role.upper())
        if known not in SimpleAuthManagerRole.__members__:
            return False
        return SimpleAuthManager._is_authorized(user=SimpleAuthManagerUser(username=user.username, role=known), **asked)

    def is_authorized_dag(
        self,
        *,
        method: Any,
        user: SimpleAuthManagerUser,
        access_entity: DagAccessEntity | None = None,
        details: DagDetails | None = None,
    ) -> bool:
        """As Airflow's; one role may run what is its own, two may not read who did what."""
        role = (user.role or "").lower()
        if access_entity is DagAccessEntity.AUDIT_LOG and role in ("operator", "publisher"):
            return False
        if (
            access_entity is DagAccessEntity.RUN
            and method == "POST"
            and _may_run(role, details.id if details else None)
        ):
            return True
        return super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details)
