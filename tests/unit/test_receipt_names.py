"""A receipt's name: one file per batch, whatever the sender called the delivery."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.receipts import BATCH, FEEDS, HEADER, LOAN, outbox_files, text_of
from warehouse.feedback import names, write_receipt


def test_one_receipt_per_batch_whatever_the_name(tmp_path):
    first = write_receipt(tmp_path, BATCH, LOAN, None, HEADER)
    before = first.read_bytes()
    assert write_receipt(tmp_path, BATCH, LOAN, None, HEADER) == first and first.read_bytes() == before
    other = write_receipt(tmp_path, {**BATCH, "batch_id": "other"}, LOAN, None, HEADER)
    same_id_other_feed = write_receipt(
        tmp_path, {**BATCH, "feed": "village", "reading": {}}, FEEDS["village"], None, HEADER
    )
    assert outbox_files(tmp_path) == [
        "贷款台账.csv(2).回执.xlsx",
        "贷款台账.csv(3).回执.xlsx",
        "贷款台账.csv.回执.xlsx",
    ]
    assert write_receipt(tmp_path, {**BATCH, "batch_id": "other"}, LOAN, None, HEADER) == other
    assert names.batch_of(same_id_other_feed) == f"village/{BATCH['batch_id']}"


def test_a_killed_run_left_its_temporary_file(tmp_path):
    first = write_receipt(tmp_path, BATCH, LOAN, None, HEADER)
    left = tmp_path / f".{BATCH['batch_id']}.tmp"
    left.hardlink_to(first)
    assert write_receipt(tmp_path, BATCH, LOAN, None, HEADER) == first
    assert outbox_files(tmp_path) == ["贷款台账.csv.回执.xlsx"]
    assert names.batch_of(first) is not None


def test_a_foreign_file_or_link_of_that_name_is_left_alone(tmp_path):
    (tmp_path / "贷款台账.csv.回执.xlsx").write_text("mine", encoding="utf-8")
    (tmp_path / "贷款台账.csv(2).回执.xlsx").symlink_to("/nowhere/at/all")
    receipt = write_receipt(tmp_path, BATCH, LOAN, None, HEADER)
    assert receipt.name == "贷款台账.csv(3).回执.xlsx"
    assert (tmp_path / "贷款台账.csv.回执.xlsx").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "original, stem",
    [
        ("../../etc/passwd", "______etc_passwd"),
        (".hidden.csv", "_hidden.csv"),
        ("~$锁.xlsx", "__锁.xlsx"),
        ("a\nb\x00c\u202ed.csv", "a_b_c_d.csv"),
        ("", "未命名"),
        ("..", "未命名"),
        ("con.csv", "_con.csv"),
        ('a:"b"|c?.csv', "a__b__c_.csv"),
        ("名单 .csv ", "名单 .csv"),
    ],
)
def test_a_file_name_is_only_a_label(original, stem):
    assert names.safe_stem(original) == stem


def test_long_names_fit_and_stay_apart(tmp_path):
    names_given = ["长" * 240 + end + ".xlsx" for end in ("甲", "乙")]
    receipts = [
        write_receipt(tmp_path, {**BATCH, "batch_id": f"b{i}", "original_name": name}, LOAN, None, HEADER)
        for i, name in enumerate(names_given)
    ]
    assert len({receipt.name for receipt in receipts}) == 2
    assert all(len(receipt.name.encode()) <= 255 and "(" not in receipt.name for receipt in receipts)
    assert names_given[0] in text_of(receipts[0], "摘要")


@given(st.text(max_size=300))
def test_any_name_becomes_one_plain_component(name):
    stem = names.safe_stem(name)
    assert stem and "/" not in stem and "\\" not in stem and not stem.startswith(".") and ".." not in stem
    assert len((stem + "(9999)" + names.SUFFIX).encode()) <= 255
