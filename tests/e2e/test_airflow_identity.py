"""Who is who through the real scheduler: an engineer answers in Airflow's pages, and Airflow never learns who it was about."""

from __future__ import annotations

from typing import Any

from tests.e2e.airflow_process import RunningAirflow, environment
from warehouse.database import open_warehouse

SECONDS = 120.0
FEEDS = ("household_registration", "education_enrollment")
SHARED = "219901201009030155"
ON_REGISTER, AT_SCHOOL = "牛犇犇", "马骉骉"
REGISTER = (
    "户号,公民身份号码,姓名,性别,出生日期,行政村代码,数据日期\n"
    f"0000012345,{SHARED},{ON_REGISTER},男,2010-09-03,210782008004,2019-06-30\n"
)
SCHOOL = (
    "学籍号,姓名,性别,身份证件号,出生日期,学段,学校名称,学籍状态,数据日期\n"
    f"G{SHARED},{AT_SCHOOL},男,{SHARED},2011-12-24,小学,北镇市第一小学,在籍,2019-06-30\n"
)


def asked(airflow: RunningAirflow, sql: str) -> list[tuple[Any, ...]]:
    with environment(airflow.home), open_warehouse(airflow.home) as con:
        return con.execute(sql).fetchall()


def questions(airflow: RunningAirflow, run: str = "~") -> list[dict[str, Any]]:
    return airflow.api.all(f"/dags/identity/dagRuns/{run}/hitlDetails", "hitl_details")


def triggered(airflow: RunningAirflow) -> str:
    return str(airflow.api.post("/dags/identity/dagRuns", {"logical_date": None})["dag_run_id"])


def receipted(batch: dict[str, Any]) -> bool:
    return bool(batch.get("receipted_at"))


def state(airflow: RunningAirflow, run: str) -> str:
    return str(airflow.api.get(f"/dags/identity/dagRuns/{run}")["state"])


def test_an_engineer_parts_two_people_and_the_marts_follow(airflow: RunningAirflow) -> None:
    airflow.drop("gongan", "户籍.csv", REGISTER.encode())
    airflow.drop("jiaoyu", "学籍.csv", SCHOOL.encode())
    airflow.wait("receipts", lambda: all(any(map(receipted, airflow.batches(feed))) for feed in FEEDS), SECONDS)
    # Last night's run is made up for when Airflow starts: on a slow machine it may be the one that finds them, and asks.
    triggered(airflow)
    (question,) = airflow.wait("question", lambda: questions(airflow), SECONDS)
    run = question["task_instance"]["dag_run_id"]
    assert question["options"] == ["两人", "同一人", "以后再说"] and question["defaults"] == ["以后再说"]
    assert "户籍人口：批次 " in question["body"] and " 第 2 行" in question["body"]

    # Nobody waits for the answer: another run links, and does not ask twice.
    other = triggered(airflow)
    airflow.wait("second run", lambda: state(airflow, other) == "success", SECONDS)
    assert questions(airflow, other) == [] and len(questions(airflow)) == 1

    builds = len(airflow.runs("marts"))
    ti = question["task_instance"]
    airflow.api.patch(
        f"/dags/identity/dagRuns/{run}/taskInstances/{ti['task_id']}/{ti['map_index']}/hitlDetails",
        {"chosen_options": ["两人"]},
    )
    airflow.wait("end of the run", lambda: state(airflow, run) == "success", SECONDS)
    ((kind, name, who),) = asked(airflow, "SELECT kind, name, decided_by FROM core.identity_decision")
    assert (kind, name, who) == ("two_people", AT_SCHOOL, "admin")
    ((keys,),) = asked(
        airflow,
        "SELECT count(DISTINCT person_key) FROM (SELECT person_key FROM core.household_registration_now "
        "UNION ALL SELECT person_key FROM core.education_enrollment_now)",
    )
    assert keys == 2
    airflow.wait("marts", lambda: len(airflow.runs("marts")) > builds, SECONDS)


def test_airflow_never_learns_who_it_was_about(airflow: RunningAirflow) -> None:
    # Database, its journal, and every log.
    files = [path for path in (airflow.home / "airflow").rglob("*") if path.is_file()]
    assert any(path.name == "airflow.db" for path in files) and any(path.suffix == ".log" for path in files)
    for path in files:
        content = path.read_bytes()
        for secret in (SHARED, ON_REGISTER, AT_SCHOOL, "2011-12-24"):
            assert secret.encode() not in content, path.name
            assert secret.encode("unicode_escape") not in content or secret.isascii(), path.name
