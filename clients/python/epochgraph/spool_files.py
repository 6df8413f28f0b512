"""The files of a spool folder.

Each process that logs has a journal: `NAME.000001.jsonl` and so on (its records, oldest first; a first line tells the
server's address), `NAME.delivered` (how far they are delivered), `NAME.lock` (held while the process lives) and, where
the server refused something, `NAME.refused.jsonl`. Delivered files are removed; refused ones stay for a person to read.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import time
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from . import locks
from .records import Record, parse_line

_FILE = re.compile(r"(\d{8}T\d{6}-\d+-[0-9a-f]{8})\.(?:(\d{6})\.jsonl|delivered|lock|refused\.jsonl)")
_READ_BYTES = 1 << 20


class Position(NamedTuple):
    """A place in a journal: the number of a segment, and a byte in it."""

    segment: int
    offset: int


def default_folder() -> str:
    """The spool of this user: EPOCHGRAPH_SPOOL, or a folder of the user's own."""
    given = os.environ.get("EPOCHGRAPH_SPOOL")
    if given:
        return os.path.abspath(given)
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
    else:
        base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "epochgraph", "spool")


def new_name() -> str:
    """A journal's name, which no other journal ever has: the time, the process, and 32 random bits."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}"


def header_line(url: str) -> bytes:
    """The first line of a segment."""
    header = {"spool": 1, "url": url, "host": socket.gethostname(), "pid": os.getpid()}
    return json.dumps(header).encode("ascii") + b"\n"


def journal_names(folder: str) -> List[str]:
    """The journals in a folder, oldest first; none if there is no such folder."""
    try:
        entries = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted({match[1] for match in map(_FILE.fullmatch, entries) if match})


class JournalFiles:
    """The files of one journal, as its owner and whoever adopts it see them."""

    def __init__(self, folder: str, name: str) -> None:
        self.folder = folder
        self.name = name

    def segment_path(self, number: int) -> str:
        return self._path(f"{number:06}.jsonl")

    @property
    def lock_path(self) -> str:
        return self._path("lock")

    @property
    def refused_path(self) -> str:
        return self._path("refused.jsonl")

    def _path(self, ending: str) -> str:
        return os.path.join(self.folder, f"{self.name}.{ending}")

    def segments(self) -> List[int]:
        """The numbers of the segments, ascending."""
        matches = (_FILE.fullmatch(entry) for entry in os.listdir(self.folder))
        return sorted(int(match[2]) for match in matches if match and match[1] == self.name and match[2])

    def header(self) -> Dict[str, Any]:
        """What the first line of the oldest segment says: url, host, pid. Empty if that can't be read."""
        for number in self.segments()[:1]:
            try:
                with open(self.segment_path(number), "rb") as file:
                    header = json.loads(file.readline())
                return header if isinstance(header, dict) else {}
            except (OSError, ValueError):
                return {}
        return {}

    def position(self) -> Position:
        """Up to where everything is delivered."""
        segments = self.segments()
        start = Position(segments[0] if segments else 1, 0)
        try:
            with open(self._path("delivered"), encoding="ascii") as file:
                segment, offset = map(int, file.read().split())
        except (OSError, ValueError):
            return start
        # An offset file that is behind the oldest segment was left by a kill between two removals.
        return max(start, Position(segment, offset))

    def acknowledge(self, position: Position) -> None:
        """Notes that everything before `position` is delivered, and removes the segments before it."""
        unfinished = self._path("delivered.part")
        with open(unfinished, "w", encoding="ascii") as file:
            file.write(f"{position.segment} {position.offset}\n")
        os.replace(unfinished, self._path("delivered"))
        for number in self.segments():
            if number < position.segment:
                os.unlink(self.segment_path(number))

    def remove(self) -> None:
        """Removes segments and offset, once everything is delivered; the lock and refused records stay."""
        for number in self.segments():
            _unlink(self.segment_path(number))
        _unlink(self._path("delivered"))
        _unlink(self._path("delivered.part"))

    def refuse(self, entry: Dict[str, Any]) -> None:
        """Adds an entry to the file of what the server refused. Raises OSError where it can't be written."""
        entry = {"at": datetime.now(timezone.utc).isoformat(timespec="seconds"), **entry}
        descriptor = os.open(self.refused_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            data = json.dumps(entry).encode("ascii") + b"\n"
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)

    def refused(self) -> List[Dict[str, Any]]:
        """What the server refused, oldest first."""
        entries = []
        try:
            with open(self.refused_path, "rb") as file:
                for line in file:
                    try:
                        entry = json.loads(line)
                    except ValueError:
                        continue
                    if isinstance(entry, dict):
                        entries.append(entry)
        except FileNotFoundError:
            pass
        return entries

    def waiting(self) -> Iterator[Record]:
        """The records that are not delivered yet, as far as they are whole."""
        reader = JournalReader(self, finished=True)
        while True:
            try:
                window = reader.read(1 << 30, _READ_BYTES)
            except FileNotFoundError:
                return
            if not window.size:
                return
            yield from window.records
            reader.position = window.end

    def adopt(self) -> Optional[locks.FileLock]:
        """The lock of a journal whose process has ended; None while it lives, or while another process delivers it."""
        try:
            try:
                return locks.take(self.lock_path, create=False)
            except FileNotFoundError:
                return locks.take(self.lock_path, create=True)
        except FileExistsError:
            return None
        except locks.Unsupported:
            return None if self._owner_may_live() else _NoLock(self.lock_path)
        except OSError:
            return None

    def _owner_may_live(self) -> bool:
        """Without locks: whether the process that the header names may still run. Of another machine's, nobody knows."""
        header = self.header()
        if header.get("host") != socket.gethostname() or not isinstance(header.get("pid"), int):
            return True
        try:
            os.kill(header["pid"], 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True


class _NoLock(locks.FileLock):
    """Stands for the lock where the file system has none."""

    def __init__(self, path: str) -> None:
        super().__init__(path, -1, (-1, -1))

    def release(self, remove: bool = False) -> None:
        if remove:
            _unlink(self.path)


class Window(NamedTuple):
    """A stretch of a journal: its records, its lines that are no records, how many lines these are, and where it ends."""

    records: List[Record]
    unreadable: List[bytes]
    size: int
    end: Position


class JournalReader:
    """Reads a journal in order, from `position` on.

    `finished`: its process has ended, so a last line without a newline is torn. Otherwise more may be written to it, and
    lines are the process's own (`trusted`).
    """

    def __init__(self, files: JournalFiles, finished: bool) -> None:
        self.files = files
        self.finished = finished
        self.position = files.position()
        self.pause = 0.0

    def read(self, max_lines: int, max_bytes: int) -> Window:
        """The next stretch; of size 0 at the end. Raises FileNotFoundError where the segment is gone."""
        segment, offset = self.position
        segments = self.files.segments()
        while True:
            later = [number for number in segments if number > segment]
            complete = bool(later) or self.finished
            if segment in segments:
                lines, end = _whole_lines(self.files.segment_path(segment), offset, max_bytes, complete)
            elif later:
                lines, end = [], 0
            elif self.finished:
                return Window([], [], 0, Position(segment, offset))
            else:
                raise FileNotFoundError(self.files.segment_path(segment))
            if lines or not later:
                return self._window(segment, offset, lines[:max_lines], end, len(lines) > max_lines)
            segment, offset = later[0], 0

    def _window(self, segment: int, offset: int, lines: List[bytes], end: int, cut: bool) -> Window:
        records, unreadable = [], []
        for number, line in enumerate(lines):
            if self.pause and number % 25 == 24:
                # The training's thread waits for this one while it computes: never long.
                time.sleep(self.pause)
            record = parse_line(line, trusted=not self.finished)
            if record:
                records.append(record)
            elif not (offset == 0 and number == 0 and line.startswith(b'{"spool"')) and line.strip():
                unreadable.append(line)
        if cut:
            end = offset + sum(map(len, lines))
        return Window(records, unreadable, len(lines), Position(segment, end))


def _whole_lines(path: str, offset: int, max_bytes: int, complete: bool) -> Tuple[List[bytes], int]:
    """Lines from `offset` on, at least one and about `max_bytes`, and where they end. With `complete`, a last line that
    has no newline counts, too.
    """
    with open(path, "rb") as file:
        file.seek(offset)
        data = file.read(max_bytes)
        if data and b"\n" not in data:
            data += file.readline()
        at_end = not file.read(1)
    cut = data.rfind(b"\n") + 1
    if complete and at_end:
        cut = len(data)
    return data[:cut].splitlines(keepends=True), offset + cut


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
