"""Which failures of a task Airflow tries again: the default arguments of every DAG."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from connectors.errors import TransientError

# A lock or a full disk may heal, broken data or code does not. The policy is asked about exceptions only: a task whose
# process was killed raised none and is tried again up to `retries` times.
POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=TransientError, action=RetryAction.RETRY, reason="may heal by itself"),
        RetryRule(exception=Exception, action=RetryAction.FAIL, reason="never heals by retrying"),
    ]
)

DEFAULTS: dict[str, Any] = {
    "owner": "fupin",
    "retries": 4,
    "retry_delay": timedelta(seconds=5),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": POLICY,
}
