"""No row is lost, doubled or shifted: every record lands under the sender's own row number, every broken one is set aside alone."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import duckdb
import pytest

from connectors import blocks
from connectors.files import misread, reader_sql
from expectations import stage
from tests.unit.test_files_support import HEADER, ROWS, broken, codes, csv_text, feed, landed, read

FIRST, SECOND, THIRD = (",".join(row) for row in ROWS)
HEAD = ",".join(HEADER)


def rows_at(*numbers: int) -> list[tuple[object, ...]]:
    return [(number, *row) for number, row in zip(numbers, ROWS, strict=False)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(tmp_path: Path, end: str, mark: str, last: bool) -> None:
    content = mark + end.join([HEAD, FIRST, SECOND, THIRD]) + (end if last else "")
    reading = read(tmp_path, content)
    assert (landed(tmp_path, reading), reading.problems) == (rows_at(2, 3, 4), [])
    assert reading.sha256 == hashlib.sha256(content.encode()).hexdigest()


def test_mixed_line_ends_are_read_and_said(tmp_path: Path) -> None:
    for content in (
        f"{HEAD}\r\n{FIRST}\n{SECOND}\r\n{THIRD}",
        f"{HEAD}\n{FIRST}\r{SECOND}\n{THIRD}\r\n",
        f"{HEAD}\r\n{FIRST}\n{SECOND}\n{THIRD}\n",
    ):
        reading = read(tmp_path, content)
        assert landed(tmp_path, reading) == rows_at(2, 3, 4)
    assert any("换行符" in note for note in read(tmp_path, f"{HEAD}\n{FIRST}\r\n{SECOND}\n").notes)


def test_blank_rows_yield_nothing_and_keep_their_number(tmp_path: Path) -> None:
    reading = read(tmp_path, f"\n{HEAD}\n{FIRST}\n\n \n\u3000\n{SECOND}\n{THIRD}\n\n\n")
    assert reading.gaps == [4, 5, 6, 9, 10]
    assert landed(tmp_path, reading) == rows_at(3, 7, 8)
    assert any("5 个空行" in note for note in reading.notes)


def test_a_broken_row_is_set_aside_alone(tmp_path: Path) -> None:
    lines = [
        HEAD,
        FIRST,
        FIRST + ",多一格",
        SECOND,
        "J009,少",
        'J008,"张"三,219900195801010015,1,1,2019-01-01',
        THIRD,
        "合计",
        "",
        FIRST,
        SECOND,
    ]
    for encoding in ("utf-8", "gb18030"):
        reading = read(tmp_path, "\n".join(lines).encode(encoding))
        assert landed(tmp_path, reading) == rows_at(2, 4, 7) + rows_at(10, 11)
        assert broken(reading) == [
            (3, "TOO MANY COLUMNS"),
            (5, "MISSING COLUMNS"),
            (6, "UNQUOTED VALUE"),
            (8, "MISSING COLUMNS"),
        ]
        assert (reading.rows, reading.structure_rows, reading.problems) == (5, 4, [])


def test_a_stray_quote_inside_a_cell_is_text(tmp_path: Path) -> None:
    reading = read(tmp_path, f'{HEAD}\n{FIRST}\nJ002,欧阳"某,219900196203040023,3,0,2018-11-15\n{THIRD}\n')
    assert [row[2] for row in landed(tmp_path, reading)] == ["张㳇", '欧阳"某', "王五"]


def test_quoted_cells_keep_delimiters_quotes_and_excel_text_forms(tmp_path: Path) -> None:
    odd = ['"J,1"', '"张""三"""', '="219900195801010015"', '"1,234.50"', '"=""2107"""', ""]
    reading = read(tmp_path, csv_text([HEADER, odd, ROWS[0]]))
    assert landed(tmp_path, reading)[0] == (2, "J,1", '张"三"', '="219900195801010015"', "1,234.50", '="2107"', None)
    assert reading.text_path.endswith("source.bin")


def test_a_line_break_inside_quotes_becomes_a_space(tmp_path: Path) -> None:
    for end in ("\n", "\r\n"):
        cells = ["J001", f'"张{end}三,{end}{end}第""二"', *ROWS[0][2:]]
        reading = read(tmp_path, csv_text([HEADER, cells, ROWS[1]], end=end))
        assert landed(tmp_path, reading) == [(2, "J001", '张 三,  第"二', *ROWS[0][2:]), (3, *ROWS[1])]
        assert (reading.gaps, reading.structure_rows) == ([], 0)


def test_a_quoted_title_over_two_lines(tmp_path: Path) -> None:
    reading = read(tmp_path, f'"贷款台账\n截至2019年6月30日",,,,,\n{HEAD}\n{FIRST}\n{SECOND}\n')
    assert (reading.header_row, reading.as_of) == (2, "2019-06-30")
    assert landed(tmp_path, reading) == rows_at(3, 4)


def test_nameless_columns_at_the_end(tmp_path: Path) -> None:
    for head, data in ((HEAD, FIRST + ","), (HEAD + ",,", FIRST), (HEAD + ",", FIRST + ",")):
        reading = read(tmp_path, f"{head}\n{data}\n{data}\n")
        assert landed(tmp_path, reading) == [(2, *ROWS[0]), (3, *ROWS[0])]


def test_a_row_too_long_for_any_table_is_set_aside(tmp_path: Path) -> None:
    reading = read(tmp_path, f"{HEAD}\n{FIRST}\nJ2,{'长' * 800_000},x,1,1,1\n{THIRD}\n")
    assert broken(reading) == [(3, "LINE SIZE OVER MAXIMUM")]
    assert [row[0] for row in landed(tmp_path, reading)] == [2, 4]


def test_many_neighbouring_gaps_do_not_shift_the_numbers(tmp_path: Path) -> None:
    lines = [HEAD, *(line for block in range(200) for line in (FIRST, "", "x,y", ""))]
    reading = read(tmp_path, "\n".join(lines) + "\n" + SECOND)
    assert [row[0] for row in landed(tmp_path, reading)] == [*range(2, 802, 4), 802]


def test_a_late_character_of_gb18030_decides_for_the_whole_file(tmp_path: Path) -> None:
    plain = "J{0},Zhang,219900195801010015,1,1,2019-01-01\n"
    rows = "".join(plain.format(number) for number in range(20_000))
    reading = read(tmp_path, (HEAD.encode("gb18030") + b"\n" + rows.encode() + "末,张㳇,x,1,1,1\n".encode("gb18030")))
    assert (reading.encoding, reading.rows) == ("gb18030", 20_001)
    # The head is ASCII here, so only the last line tells.
    ascii_feed = feed(tmp_path)
    header = "loan_no,name,id,amount,balance,issued\n"
    for column, alias in zip(ascii_feed.columns, header.strip().split(","), strict=True):
        object.__setattr__(column, "aliases", (alias,))
    reading = read(tmp_path, header.encode() + rows.encode() + "末,张㳇,x,1,1,1\n".encode("gb18030"), [ascii_feed])
    assert (reading.encoding, reading.rows, reading.problems) == ("gb18030", 20_001, [])
    assert landed(tmp_path, reading)[-1][:3] == (20_002, "末", "张㳇")


def test_what_the_pattern_cannot_see_is_found_by_counting_and_read_again_with_care(tmp_path: Path) -> None:
    # Every cell quoted, so only the pattern is looked at, and the bad row has it too; DuckDB refuses the row.
    quoted = [",".join(f'"{cell}"' for cell in row) for row in (HEADER, *ROWS)]
    quoted[2] = quoted[2].replace('"欧阳某𠮷"', '"欧阳"某𠮷')
    content = "\n".join(quoted)
    quick = read(tmp_path, content)
    connection = duckdb.connect()
    counted = connection.execute(f"SELECT count(*) FROM {reader_sql(quick)}").fetchone()
    assert counted is not None and misread(connection, quick, counted[0])
    careful = read(tmp_path, content, careful=True)
    assert (landed(tmp_path, careful), broken(careful)) == (rows_at(2) + [(4, *ROWS[2])], [(3, "UNQUOTED VALUE")])


def test_gbk_agrees_with_gb18030_wherever_it_decodes() -> None:
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            pair = bytes([lead, trail])
            try:
                character = pair.decode("gbk")
            except UnicodeDecodeError:
                continue
            assert pair.decode("gb18030") == character
    assert all(bytes([byte]).decode("gbk", "replace") in (chr(byte), "\ufffd") for byte in range(256))


def messy_file(seed: int) -> tuple[bytes, list[tuple[object, ...]], list[int], list[int]]:
    """A file with blank, broken, quoted and many-line rows: content, rows that must land, blank and broken row numbers."""
    pick = random.Random(seed)
    end, encoding = pick.choice(["\n", "\r\n", "\r"]), pick.choice(["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    delimiter, quote_all = pick.choice([",", "\t", ";", "|"]), pick.random() < 0.5
    dirt, breaks, blanks = pick.choice([0, 0.05, 0.2]), pick.choice([0, 0.05]), pick.choice([0, 0.05])

    def line(cells: list[str]) -> str:
        special = {delimiter, '"', "\n", "\r"}
        return delimiter.join(
            '"' + cell.replace('"', '""') + '"' if quote_all or special & set(cell) else cell for cell in cells
        )

    lines = ["贷款情况统计表" + delimiter * pick.choice([0, 5]), line(HEADER)]
    good: list[tuple[object, ...]] = []
    gaps: list[int] = []
    bad: list[int] = []
    for number in range(3, 3 + pick.choice([5, 60, 400])):
        chance = pick.random()
        if chance < blanks:
            lines.append(pick.choice(["", "  ", "\u3000"]))
            gaps.append(number)
        elif chance < blanks + dirt:
            lines.append(
                pick.choice(
                    [delimiter.join("ab"), delimiter.join("abcdefgh"), delimiter.join(["a", '"b"c', *"defg"]), "合计"]
                )
            )
            bad.append(number)
        else:
            cells = [
                f"J{number}",
                pick.choice(["张㳇", "欧阳某𠮷", f'他{delimiter}说"好"']),
                "x" * pick.randrange(40),
                "1",
                "",
                " y",
            ]
            if pick.random() < breaks:
                cells[1] = f"第一行{end}第二{delimiter}行"
            lines.append(line(cells))
            good.append((number, *(" ".join(cell.splitlines()) or None for cell in cells)))
    return (end.join(lines) + pick.choice(["", end])).encode(encoding), good, gaps, bad


@pytest.mark.parametrize("seed", range(40))
def test_messy_files_land_whole_wherever_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    content, good, gaps, bad = messy_file(seed)
    pick = random.Random(seed)
    monkeypatch.setattr(blocks, "READ_BYTES", pick.choice([700, 5_000, blocks.READ_BYTES]))
    monkeypatch.setattr(blocks, "BLOCK_BYTES", pick.choice([100, 1_000, blocks.BLOCK_BYTES]))
    reading = read(tmp_path, content, careful=True)
    if set(codes(reading)) <= {"ROWS_BROKEN"} and reading.rows + reading.structure_rows:
        assert landed(tmp_path, reading) == good
    # The very last blank line without an end is no line.
    assert gaps[: len(reading.gaps)] == reading.gaps and len(gaps) - len(reading.gaps) <= 1
    assert [row for row, _ in broken(reading)] == bad


def test_a_header_that_duckdb_would_not_skip_as_one_line_is_left_out_before(tmp_path: Path) -> None:
    header = ",".join(f'"{cell}"' for cell in HEADER).replace('"余额"', '"余额"x')
    reading = read(tmp_path, header + "\n" + csv_text([[f'"{cell}"' for cell in row] for row in ROWS]))
    assert landed(tmp_path, reading) == [(number, *row[:4], *row[5:]) for number, row in enumerate(ROWS, 2)]


def test_a_long_line_with_text_behind_a_quote_is_sent_back_alone(tmp_path: Path) -> None:
    """DuckDB stumbles over the line that it refuses; staging then asks for a careful reading."""
    quoted = [[f'"{cell}"' for cell in row] for row in [HEADER, *ROWS, *ROWS]]
    quoted[3][0] += "长" * 40_000
    content = csv_text(quoted)
    with pytest.raises(stage.Misread):
        stage.stage(duckdb.connect(), tmp_path, feed(tmp_path), read(tmp_path, content))
    reading = read(tmp_path, content, careful=True)
    assert broken(reading) == [(4, "UNQUOTED VALUE")] and len(landed(tmp_path, reading)) == 5
