"""A seeded maker of damaged files, and careful parsers of its own (pure Python, nothing of the platform) to judge by.

:func:`damaged_csv` and :func:`damaged_xlsx` give the file of a seed; :func:`csv_records` and :func:`xlsx_cells` say what really
stands in it. Slow and simple on purpose.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree import ElementTree

from tests import workbooks

HEADER = ["借据号", "借款人姓名", "身份证号", "贷款金额", "余额", "发放日期"]
NAMES = ["张㳇", "欧阳某𠮷", "王五", "阿依古丽·买买提", "李 四", "O'Neil", "赵六（已故）", "孙\u3000七"]
ENCODINGS = ["utf-8", "utf-8", "utf-8-sig", "gb18030", "gb18030", "utf-16", "utf-16-le"]
DELIMITERS = [",", ",", ",", "\t", ";", "|", "^", "~"]


@dataclass
class Case:
    """A damaged file; ``untouched``: the cells of rows that no damage came near; ``done``: what was done to it, for messages."""

    content: bytes
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    untouched: list[tuple[str, ...]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)


def table(pick: random.Random, rows: int) -> list[list[str]]:
    """Header and rows with unique keys and sound ids."""
    made = [list(HEADER)]
    for number in range(rows):
        head = f"2199001{pick.randrange(930, 999)}{pick.randrange(1, 13):02d}{pick.randrange(1, 29):02d}000"
        made.append([
            f"J{number:05d}", pick.choice(NAMES), workbooks.sound_id(head), pick.choice(["5", "3.25", "1200", "1,200.50", "-"]),
            pick.choice(["", "0", "12"]), pick.choice(["2019-03-01", "2019.7", "20180630", ""]),
        ])  # fmt: skip
    return made


# ---- CSV: damage to lines, then to bytes ----------------------------------------------------------------------------


@dataclass
class _Lines:
    pick: random.Random
    lines: list[str]
    touched: set[int]
    delimiter: str
    quote: str

    def some(self) -> int:
        """A data line to damage (now and then the header)."""
        first = 0 if self.pick.random() < 0.1 else min(1, len(self.lines) - 1)
        index = self.pick.randrange(first, len(self.lines))
        self.touched.add(index)
        return index

    def put(self, text: str) -> None:
        """Insert ``text`` somewhere into a line."""
        index = self.some()
        place = self.pick.randrange(len(self.lines[index]) + 1)
        self.lines[index] = self.lines[index][:place] + text + self.lines[index][place:]

    def replace_line(self, change: Callable[[str], str]) -> None:
        index = self.some()
        self.lines[index] = change(self.lines[index])

    def add(self, text: str) -> None:
        """A line more; what is known as touched moves with it."""
        index = self.pick.randrange(1, len(self.lines) + 1)
        self.lines.insert(index, text)
        self.touched = {number + (number >= index) for number in self.touched} | {index}

    def title(self, text: str) -> None:
        """A line above everything else."""
        self.lines.insert(0, text)
        self.touched = {0, *(number + 1 for number in self.touched)}


def _cut(text: str, pick: random.Random) -> str:
    return text[: pick.randrange(len(text) + 1)]


LINE_DAMAGE: dict[str, Callable[[_Lines], None]] = {
    "a separator too many": lambda at: at.put(at.delimiter),
    "a separator too few": lambda at: at.replace_line(lambda text: text.replace(at.delimiter, "", 1)),
    "another separator": lambda at: at.replace_line(lambda text: text.replace(at.delimiter, at.pick.choice(",;\t|"))),
    "a stray quote": lambda at: at.put(at.quote),
    "two stray quotes": lambda at: at.put(at.quote * 2),
    "a quote at a cell's beginning": lambda at: at.replace_line(lambda text: text.replace(at.delimiter, at.delimiter + at.quote, 1)),
    "a line cut off": lambda at: at.replace_line(lambda text: _cut(text, at.pick)),
    "a line emptied": lambda at: at.replace_line(lambda _: ""),
    "a blank line": lambda at: at.add(at.pick.choice(["", " ", "\t", "\u3000"])),
    "a line of separators": lambda at: at.add(at.delimiter * at.pick.randrange(1, 9)),
    "a line break inside": lambda at: at.put("\n"),
    "a carriage return inside": lambda at: at.put("\r"),
    "a NUL": lambda at: at.put("\0"),
    "a control character": lambda at: at.put(at.pick.choice("\x01\x07\x0b\x0c\x1b\x1c\x7f\x85\u2028")),
    "an invisible character": lambda at: at.put(at.pick.choice("\u200b\u202e\ufeff\u2060")),
    "a replacement character": lambda at: at.put("\ufffd"),
    "a very long cell": lambda at: at.put("长" * at.pick.choice([200, 40_000])),
    "a total": lambda at: at.add(at.delimiter.join(["合计", "", "", "99", "", ""])),
    "a footer": lambda at: at.add("填表人：某某"),
    "the header again": lambda at: at.add(at.lines[0]),
    "a line twice": lambda at: at.add(at.pick.choice(at.lines[1:] or at.lines)),
    "a title": lambda at: at.title("台账"),
}  # fmt: skip


def _columns(pick: random.Random, rows: list[list[str]], done: list[str]) -> list[list[str]]:
    """Damage to whole columns: dropped, doubled, moved, renamed, one more behind."""
    kind = pick.choice(["", "", "", "", "dropped", "doubled", "moved", "renamed", "behind", "swapped case"])
    if kind:
        done.append(f"column {kind}")
    place, other = pick.randrange(len(HEADER)), pick.randrange(len(HEADER))
    match kind:
        case "dropped":
            return [row[:place] + row[place + 1 :] for row in rows]
        case "doubled":
            return [[*row, row[place]] for row in rows]
        case "moved":
            return [[*row[:place], *row[place + 1 :], row[place]] for row in rows]
        case "renamed":
            return [[*rows[0][:place], "某列", *rows[0][place + 1 :]], *rows[1:]]
        case "behind":
            return [[*row, ""] for row in rows]
        case "swapped case":
            return [
                [(" " + cell + "\u3000") if other == index else cell for index, cell in enumerate(rows[0])],
                *rows[1:],
            ]
    return rows


def _bytes(pick: random.Random, content: bytes, done: list[str]) -> bytes:
    """Damage below the characters: flipped, lost, doubled and foreign bytes."""
    kind = pick.choice(
        ["flip", "flip", "many flips", "truncate", "lose", "double", "foreign line", "zeros", "mark inside"]
    )
    done.append(f"bytes: {kind}")
    raw = bytearray(content)
    place = pick.randrange(len(raw))
    match kind:
        case "flip":
            raw[place] ^= 1 << pick.randrange(8)
        case "many flips":
            for _ in range(pick.randrange(2, 30)):
                raw[pick.randrange(len(raw))] ^= 1 << pick.randrange(8)
        case "truncate":
            del raw[place:]
        case "lose":
            del raw[place : place + pick.randrange(1, 40)]
        case "double":
            raw[place:place] = raw[place : place + pick.randrange(1, 200)]
        case "foreign line":
            raw[place:place] = "\n张三李四王五赵六孙七周八,1\n".encode(pick.choice(["utf-8", "gb18030", "utf-16-le"]))
        case "zeros":
            raw += bytes(pick.choice([1, 2, 511]))
        case "mark inside":
            raw[place:place] = b"\xef\xbb\xbf"
    return bytes(raw)


def damaged_csv(seed: int) -> Case:
    """The damaged text file of a seed."""
    pick = random.Random(f"csv {seed}")
    case = Case(b"", pick.choice(ENCODINGS), pick.choice(DELIMITERS), pick.choice(['"', '"', '"', "'"]))
    always = case.quote == "'" or pick.random() < 0.3
    rows = _columns(pick, table(pick, pick.choice([1, 5, 20, 60, 400])), case.done)

    def line(row: list[str]) -> str:
        return case.delimiter.join(
            case.quote + cell.replace(case.quote, case.quote * 2) + case.quote
            if always or case.delimiter in cell
            else cell
            for cell in row
        )

    at = _Lines(pick, [line(row) for row in rows], set(), case.delimiter, case.quote)
    known = {id(text): tuple(row) for text, row in zip(at.lines, rows, strict=True)}
    for _ in range(pick.choice([0, 1, 1, 2, 3])):
        kind = pick.choice(list(LINE_DAMAGE))
        case.done.append(kind)
        LINE_DAMAGE[kind](at)
    case.untouched = [
        known[id(text)] for number, text in enumerate(at.lines) if number not in at.touched and id(text) in known and known[id(text)] != tuple(rows[0])
    ]  # fmt: skip
    end = pick.choice(["\n", "\r\n", "\r\n", "\r"])
    ends = (
        [end if pick.random() > 0.02 else pick.choice(["\n", "\r\n"]) for _ in at.lines]
        if pick.random() < 0.1
        else [end] * len(at.lines)
    )
    if pick.random() < 0.3:
        ends[-1] = ""
    case.content = "".join(text + stop for text, stop in zip(at.lines, ends, strict=True)).encode(
        case.encoding, "surrogatepass"
    )
    if case.content and pick.random() < 0.4:
        case.content = _bytes(pick, case.content, case.done)
        case.untouched = []
    return case


def csv_records(case: Case) -> list[tuple[tuple[str, ...] | None, str]] | None:
    """Every record as (cells, its text), cells None if it is malformed; None if the whole cannot be decoded or a quote never closes.

    A line break in a quoted cell reads as a space. Any of \\r\\n, \\n, \\r ends a record outside quotes.
    """
    try:
        text = case.content.decode({"utf-8-sig": "utf-8"}.get(case.encoding, case.encoding))
    except UnicodeError:
        return None
    text = text.removeprefix("\ufeff")
    records: list[tuple[tuple[str, ...] | None, str]] = []
    place = 0
    while place < len(text):
        start = place
        cells: list[str] = []
        sound = True
        while True:
            if text[place : place + 1] == case.quote:
                cell, place, closed, clean = _quoted(text, place, case)
                if not closed:
                    return None
                sound &= clean
            else:
                stop = re.compile(f"[{re.escape(case.delimiter)}\r\n]").search(text, place)
                end = stop.start() if stop else len(text)
                cell, place = text[place:end], end
            cells.append(cell)
            if text[place : place + 1] != case.delimiter:
                break
            place += 1
        raw = text[start:place]
        place += 2 if text[place : place + 2] == "\r\n" else 1
        records.append((tuple(cells) if sound else None, raw))
    return records


def _quoted(text: str, place: int, case: Case) -> tuple[str, int, bool, bool]:
    """A quoted cell from its opening quote: (cell, place behind it, whether it closed, whether nothing stood behind the quote)."""
    place += 1
    cell = ""
    while True:
        end = text.find(case.quote, place)
        if end < 0:
            return cell, len(text), False, False
        cell += text[place:end]
        if text[end + 1 : end + 2] != case.quote:
            break
        cell += case.quote
        place = end + 2
    stop = re.compile(f"[{re.escape(case.delimiter)}\r\n]").search(text, end + 1)
    after = stop.start() if stop else len(text)
    return " ".join(cell.splitlines()) if re.search("[\r\n]", cell) else cell, after, True, after == end + 1


# ---- xlsx: damage to parts, entries and bytes -----------------------------------------------------------------------

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def _sub(part: bytes, pattern: bytes, change: Callable[[re.Match[bytes]], bytes], pick: random.Random) -> bytes:
    """Change one random match of a pattern."""
    found = list(re.finditer(pattern, part))
    if not found:
        return part
    chosen = pick.choice(found)
    return part[: chosen.start()] + change(chosen) + part[chosen.end() :]


def _other_type(found: re.Match[bytes], pick: random.Random) -> bytes:
    return b' t="' + pick.choice([b"n", b"str", b"b", b"e", b"d", b"inlineStr", b"zz"]) + b'"'


LIES = [b'ref="A1"', b'ref="A1:B2"', b'ref="A1:ZZ9999"', b'ref="x"']
BIG = b'<c r="%s"><v>219900195801010006</v></c>'
NO_NUMBERS = [b"1e999", b"nan", b"12x", b"", b"0x1F"]
NOWHERE = [b"A0", b"1A", b"", b"ZZZZ1", b"B3"]
INLINE = b'<c r="%s" t="inlineStr"><is><t>\xe7\x94\xb2&#10;\xe4\xb9\x99</t></is></c>'


def _flip(part: bytes, pick: random.Random) -> bytes:
    place = pick.randrange(len(part))
    return part[:place] + bytes([part[place] ^ 1 << pick.randrange(7)]) + part[place + 1 :]


SHEET_DAMAGE: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "dimension lies": lambda part, pick: _sub(part, rb'ref="[A-Z0-9:]+"', lambda _: pick.choice(LIES), pick),
    "string out of range": lambda part, pick: _sub(part, rb"<v>\d+</v></c>", lambda _: b"<v>%d</v></c>" % pick.choice([99999, 4294967296]), pick),
    "negative string": lambda part, pick: _sub(part, rb't="s"><v>\d+', lambda _: b't="s"><v>-1', pick),
    "wrong type": lambda part, pick: _sub(part, rb' t="s"', lambda found: _other_type(found, pick), pick),
    "no type": lambda part, pick: _sub(part, rb' t="s"', lambda _: b"", pick),
    "a number that is none": lambda part, pick: _sub(part, rb'"><v>\d+', lambda _: b'"><v>' + pick.choice(NO_NUMBERS), pick),
    "a big number": lambda part, pick: _sub(part, rb'<c r="(D\d+)"[^>]*>.*?</c>', lambda found: BIG % found[1], pick),
    "a cell gone": lambda part, pick: _sub(part, rb"<c .*?</c>", lambda _: b"", pick),
    "a cell twice": lambda part, pick: _sub(part, rb"<c .*?</c>", lambda found: found[0] * 2, pick),
    "a row gone": lambda part, pick: _sub(part, rb"<row .*?</row>", lambda _: b"", pick),
    "a row twice": lambda part, pick: _sub(part, rb"<row .*?</row>", lambda found: found[0] * 2, pick),
    "a far row": lambda part, pick: part.replace(b"</sheetData>", b'<row r="900000"><c r="A900000"><v>1</v></c></row></sheetData>'),
    "a far column": lambda part, pick: _sub(part, rb"</row>", lambda _: b'<c r="XFD2"><v>1</v></c></row>', pick),
    "no references": lambda part, pick: re.sub(rb'<c r="[A-Z]+\d+"', b"<c", part),
    "a wrong reference": lambda part, pick: _sub(part, rb'<c r="[A-Z]+\d+"', lambda _: b'<c r="%s"' % pick.choice(NOWHERE), pick),
    "an open tag": lambda part, pick: _sub(part, rb"</c>|</row>|</v>", lambda _: b"", pick),
    "cut": lambda part, pick: part[: pick.randrange(len(part))],
    "a flipped byte": _flip,
    "an inline string": lambda part, pick: _sub(part, rb'<c r="(B\d+)"[^>]*><v>\d+</v></c>', lambda found: INLINE % found[1], pick),
    "a formula without a result": lambda part, pick: _sub(part, rb'<c r="(E\d+)"[^>]*>.*?</c>', lambda found: b'<c r="' + found[1] + b'"><f>1+1</f></c>', pick),
    "empty": lambda part, pick: b"",
}  # fmt: skip


def damaged_xlsx(seed: int) -> Case:
    """The damaged workbook of a seed."""
    pick = random.Random(f"xlsx {seed}")
    case = Case(b"")
    rows: list[list[object]] = [list(row) for row in table(pick, pick.choice([2, 8, 30]))]
    for row in rows[1:]:
        row[3] = pick.choice([5, 3.25, 0.1, 1200, "1200", None])
    content = workbooks.xlsx({"台账": rows})
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for _ in range(pick.choice([1, 1, 2, 3])):
        target = pick.choice([SHEET, SHEET, SHEET, SHEET, STRINGS, "package"])
        if target == SHEET:
            kind = pick.choice(list(SHEET_DAMAGE))
            parts[SHEET] = SHEET_DAMAGE[kind](parts[SHEET], pick) if parts.get(SHEET) else b""
        elif target == STRINGS:
            kind = pick.choice(["an open tag", "cut", "a flipped byte", "empty"])
            parts[STRINGS] = SHEET_DAMAGE[kind](parts[STRINGS], pick) if parts.get(STRINGS) else b""
        else:
            kind = pick.choice(["part gone", "part empty", "part renamed"])
            name = pick.choice(sorted(parts))
            body = parts.pop(name)
            if kind != "part gone":
                parts[name if kind == "part empty" else name.upper()] = b"" if kind == "part empty" else body
        case.done.append(f"{target}: {kind}")
    case.content = workbooks.packed(parts)
    if pick.random() < 0.25:
        case.content = _bytes(pick, case.content, case.done)
    return case


def xlsx_cells(content: bytes) -> dict[tuple[int, int], str] | None:
    """(row, column), from 1 and 0 → text of every cell of the first sheet whose text leaves no doubt; None if it is not to be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            strings = [
                "".join(part.text or "" for part in item.iter() if part.tag.endswith("}t"))
                for item in ElementTree.fromstring(package.read(STRINGS))
            ]
            sheet = ElementTree.fromstring(package.read(SHEET))
    except Exception:
        return None
    found: dict[tuple[int, int], str] = {}
    doubtful: set[tuple[int, int]] = set()
    for cell in (item for item in sheet.iter() if item.tag.endswith("}c")):
        place = re.fullmatch(r"([A-Z]{1,3})([1-9]\d{0,6})", cell.get("r") or "")
        if place is None:
            return None
        column = 0
        for letter in place[1]:
            column = 26 * column + ord(letter) - 64
        key = (int(place[2]), column - 1)
        text = _xlsx_text(cell, strings)
        if key in found or text is None:
            doubtful.add(key)
        found[key] = text or ""
    return {key: text for key, text in found.items() if key not in doubtful}


def _xlsx_text(cell: ElementTree.Element, strings: list[str]) -> str | None:
    """A cell's text, None in doubt."""
    value = next((item.text or "" for item in cell if item.tag.endswith("}v")), None)
    kind = cell.get("t", "n")
    if kind == "s" and value is not None and re.fullmatch(r"\d{1,6}", value) and int(value) < len(strings):
        return " ".join(strings[int(value)].splitlines())
    if (
        kind == "n"
        and value is not None
        and re.fullmatch(r"-?\d{1,15}(\.\d{1,8})?", value)
        and cell.get("s", "0") == "0"
    ):
        number = float(value)
        return str(int(number)) if number == int(number) else f"{number:.15g}"
    return None
