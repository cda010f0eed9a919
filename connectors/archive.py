"""A zip of several files: refused as a whole for what no department sends, else each member read like a delivery of its own.

Members that hold the same feed's table (a file per township) become one batch; members of several feeds a batch for each feed.
"""

from __future__ import annotations

import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors import increments, layout, parts, workbook
from connectors.feed import Feed
from connectors.reading import Problem, Reading, listed, shown
from connectors.text import create

MAX_MEMBERS = 1_000
CHUNK = 1 << 20
# What programs put beside the files, and papers that come with them.
LITTER = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")
PAPERS = (".txt", ".md", ".doc", ".docx", ".wps", ".pdf", ".jpg", ".jpeg", ".png", ".ppt", ".pptx", ".ofd")
# Names that promise a workbook.
BOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods")

ReadFile = Callable[[Path, str, Sequence[Feed], Path, bool, str | None], Reading]


@dataclass
class Member:
    """One file inside; ``name`` as text (a label, never a path)."""

    entry: zipfile.ZipInfo
    name: str


def _refusal(code: str, reason: str) -> Problem:
    return Problem(code, f"压缩包{reason}，没有打开。请逐个报送其中的文件。")


def _as_text(entry: zipfile.ZipInfo) -> str:
    """A member's name; without the UTF-8 mark it was written in the sender's own encoding, which here is GB18030."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        raw = entry.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def members(package: zipfile.ZipFile) -> list[Member]:
    """The files worth reading. Raises Problem for what no department's zip would be: paths, doubles, bombs, passwords."""
    limits = workbook.Limits()
    entries = package.infolist()
    if len(entries) > MAX_MEMBERS:
        raise _refusal("ZIP_TOO_LARGE", f"内含 {len(entries)} 个文件")
    if sum(entry.file_size for entry in entries) > limits.unpacked:
        raise _refusal("ZIP_TOO_LARGE", "解压后过大")
    found: list[Member] = []
    seen: set[str] = set()
    for entry in entries:
        name = _as_text(entry)
        plain = name.replace("\\", "/")
        if (
            plain.startswith("/")
            or ".." in plain.split("/")
            or plain[1:2] == ":"
            or stat.S_ISLNK(entry.external_attr >> 16)
        ):
            raise _refusal("ZIP_MEMBER_PATH", "里有路径异常的文件")
        folded = unicodedata.normalize("NFC", plain).casefold()
        if folded in seen:
            raise _refusal("ZIP_MEMBER_TWICE", f"里的文件“{shown(plain.split('/')[-1])}”出现两次")
        seen.add(folded)
        if entry.flag_bits & 1:
            raise Problem("ZIP_ENCRYPTED", "压缩包设置了密码，无法读取。请取消密码后重新报送。")
        if entry.file_size > workbook.RATIO_COUNTS_FROM and entry.file_size > workbook.MAX_PART_RATIO * max(
            entry.compress_size, 1
        ):
            raise _refusal("ZIP_TOO_LARGE", "的压缩比异常")
        base = plain.split("/")[-1]
        if (
            entry.is_dir()
            or not base
            or base.startswith(("~$", "._"))
            or folded.startswith(LITTER)
            or base.lower() in LITTER
        ):
            continue
        found.append(Member(entry, plain))
    return found


def read_archive(
    path: Path, original_name: str, feeds: Sequence[Feed], workdir: Path, only: str | None, read_file: ReadFile
) -> Reading:
    """Read every member with ``read_file``, with care; one reading of all that belong to one feed. Raises Problem for a zip to refuse."""
    head = Reading(format="zip", suffix=".zip", size_bytes=path.stat().st_size)
    base = workdir / "members"
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(mode=0o700)
    done: list[parts.Part] = []
    left: list[str] = []
    try:
        with zipfile.ZipFile(path) as package:
            wanted = members(package)
            for number, member in enumerate(wanted):
                folder = base / str(number)
                folder.mkdir(mode=0o700)
                _extract(package, member, folder / "source.bin")
                label = member.name.split("/")[-1]
                reading = read_file(folder / "source.bin", label, feeds, folder, True, only)
                if _is_read(reading, label) and (only is None or only in (reading.feed, *reading.several)):
                    done.append(parts.Part(_label(member, wanted), reading))
                else:
                    left.append(label)
        if not done and original_name.lower().endswith(BOOKS):
            raise Problem(
                "WORKBOOK_FAKE",
                "文件名是工作簿，内容却是普通压缩包，里面没有可以读取的表格。请从业务系统重新导出工作簿。",
            )
        if not done:
            raise Problem("ZIP_EMPTY", "压缩包里没有可以读取的表格。请逐个报送 .xlsx 或 .csv 文件。")
        several = sorted({name for part in done for name in part.reading.several or [str(part.reading.feed)]})
        if len(several) > 1:
            head.several = several
            return head
        for part in done:
            if not part.reading.delta:
                feed = next(feed for feed in feeds if feed.name == part.reading.feed)
                increments.describe(part.reading, feed, [], original_name)
        reading = _whole(done, feeds, workdir)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise Problem("ZIP_DAMAGED", "压缩包已损坏或不完整，无法打开。请重新压缩并完整上传。") from None
    finally:
        shutil.rmtree(base, ignore_errors=True)
    reading.format, reading.suffix, reading.size_bytes, reading.sha256 = head.format, head.suffix, head.size_bytes, ""
    if reading.as_of is None and (date := layout.file_name_date(original_name)):
        reading.as_of, reading.as_of_source = date, "file_name"
        reading.notes.append(f"文件名写明的日期是 {date}。")
    if left:
        why = "不属于这种数据，另行处理" if only else "不是约定的表，没有读取"
        reading.notes.append(f"压缩包里的下列文件{why}：{listed(left)}。")
    return reading


def _whole(done: Sequence[parts.Part], feeds: Sequence[Feed], workdir: Path) -> Reading:
    if len(done) > 1:
        feed = next(feed for feed in feeds if feed.name == done[0].reading.feed)
        return parts.combine(done, feed, "文件", workdir)
    reading = done[0].reading
    reading.notes.insert(0, f"读取了压缩包中的文件“{shown(done[0].label)}”。")
    parts.adopt(reading, workdir)
    return reading


def _label(member: Member, wanted: Sequence[Member]) -> str:
    """The file's own name, with its folders only where another file has the same one."""
    name = member.name.split("/")[-1]
    return name if sum(other.name.split("/")[-1] == name for other in wanted) == 1 else member.name


def _extract(package: zipfile.ZipFile, member: Member, target: Path) -> None:
    left = member.entry.file_size
    with package.open(member.entry) as source, create(target) as out:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise _refusal("ZIP_TOO_LARGE", "里的文件比它所写的大")
            out.write(chunk)


def _is_read(reading: Reading, label: str) -> bool:
    """Whether a member is a feed's table. A paper is left; anything else refuses the zip (Problem), so that no township is missing."""
    if reading.format == "zip":
        raise _refusal("ZIP_NESTED", f"里还有压缩包“{shown(label)}”")
    if reading.feed is not None or reading.several:
        return True
    codes = {problem["code"] for problem in reading.problems}
    paper = label.lower().endswith(PAPERS)
    if codes <= {"NOT_A_TABLE", "EMPTY_FILE"} or (codes <= {"UNKNOWN_HEADER"} and paper):
        return False
    problem = reading.problems[0]
    raise Problem(problem["code"], f"压缩包里的文件“{shown(label)}”：{problem['message']}")
