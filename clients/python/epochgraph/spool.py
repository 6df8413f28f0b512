"""Delivers what ended processes left in a spool folder."""

from __future__ import annotations

import json
import os
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from .delivery import MAX_BYTES, Counts, Delivery
from .locks import FileLock
from .records import CREATE, Record
from .spool_files import JournalFiles, JournalReader, header_line, journal_names
from .transport import Connection

WINDOW_LINES = 1000


class Leftover(NamedTuple):
    """The journal of an ended process, locked by this one."""

    files: JournalFiles
    lock: FileLock


def leftovers(folder: str, url: Optional[str] = None) -> Iterator[Leftover]:
    """The journals of ended processes, oldest first, each locked when it is yielded; with `url`, those for that server."""
    for name in journal_names(folder):
        files = JournalFiles(folder, name)
        if not _has_more_than_refusals(files):
            continue
        lock = files.adopt()
        if lock is None:
            continue
        try:
            header = files.header()
            # A tracker whose address made no sense named none; its records go to whoever is there.
            fitting = url is None or (header.get("url") or url) == url
        except OSError:
            fitting = False
        if fitting:
            yield Leftover(files, lock)
        else:
            lock.release()


def _has_more_than_refusals(files: JournalFiles) -> bool:
    return bool(files.segments()) or os.path.exists(files.lock_path)


def find_creation(folder: str, experiment_id: str) -> Optional[Record]:
    """The createExperiment of this id among the records of any process that are not delivered yet."""
    for name in journal_names(folder):
        try:
            for record in JournalFiles(folder, name).waiting():
                if record.op == CREATE and record.experiment_id == experiment_id:
                    return record
        except OSError:
            continue
    return None


class LeftoverDelivery:
    """Sends a leftover journal, window after window, and removes it. `run` may be called again after Unreachable.

    `on_progress` is called with the counts of each window. Dead letters go to the journal's own file; `refused` hears of
    each, with whether it is a whole record.
    """

    def __init__(
        self,
        leftover: Leftover,
        connection: Connection,
        on_progress: Callable[[Counts], None],
        refused: Callable[[Dict[str, Any], bool], None] = lambda entry, whole: None,
    ) -> None:
        self._files, self._lock = leftover
        self._connection = connection
        self._on_progress = on_progress
        self._refused = refused
        self._reader = JournalReader(self._files, finished=True)
        self._current: Optional[Tuple[Delivery, Any]] = None

    def run(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Sends until the end, or until `until` says to stop; whether the end was reached. Raises Unreachable."""
        while True:
            if self._current is None and not self._next_window():
                self._files.remove()
                self._lock.release(remove=True)
                return True
            assert self._current is not None
            delivery, end = self._current
            if not delivery.run(until):
                return False
            self._reader.position = end
            self._files.acknowledge(end)
            self._current = None
            self._on_progress(delivery.counts)

    def _next_window(self) -> bool:
        window = self._reader.read(WINDOW_LINES, MAX_BYTES)
        if not window.size:
            return False
        delivery = Delivery(
            self._connection,
            window.records,
            self._refuse,
            lambda experiment_id: find_creation(self._files.folder, experiment_id),
        )
        for line in window.unreadable:
            delivery.counts.unreadable += 1
            self._refuse(unreadable_entry(line), True)
        self._current = (delivery, window.end)
        return True

    def _refuse(self, entry: Dict[str, Any], whole: bool) -> None:
        self._files.refuse({**entry, "url": self._connection.address.url})
        self._refused(entry, whole)

    def release(self) -> None:
        """Leaves the rest for another time."""
        self._lock.release()


def unreadable_entry(line: bytes) -> Dict[str, Any]:
    """What the dead-letter file says of a line that is no record, such as one that a kill or a crash cut short."""
    text = line.decode("utf-8", "backslashreplace")
    return {"code": "UNREADABLE", "reason": "the line is torn or damaged, and can't be sent", "line": text}


def status(folder: str) -> List[Tuple[JournalFiles, int, bool]]:
    """The journals of a folder: their files, how many records wait, and whether their process lives."""
    result = []
    for name in journal_names(folder):
        files = JournalFiles(folder, name)
        try:
            waiting = sum(1 for _ in files.waiting())
            lock = files.adopt() if _has_more_than_refusals(files) else None
            alive = lock is None and _has_more_than_refusals(files)
            if lock:
                lock.release()
        except OSError:
            continue
        result.append((files, waiting, alive))
    return result


def queue_again(folder: str) -> int:
    """Puts the refused records of ended processes back in line, and returns how many.

    A kill half-way leaves some of them in both places, which does no harm: the server holds each record once.
    """
    count = 0
    for name in journal_names(folder):
        files = JournalFiles(folder, name)
        entries = files.refused()
        lock = files.adopt() if any("record" in entry for entry in entries) else None
        if lock is None:
            continue
        try:
            records = [entry for entry in entries if isinstance(entry.get("record"), dict)]
            lines = [_line_of(entry["record"]) for entry in records]
            segments = files.segments()
            path = files.segment_path(segments[-1] + 1 if segments else 1)
            with open(path + ".part", "wb") as file:
                file.write(header_line(str(records[-1]["url"])) if "url" in records[-1] else b"")
                file.writelines(lines)
            os.replace(path + ".part", path)
            rest = [entry for entry in entries if "record" not in entry]
            os.unlink(files.refused_path)
            for entry in rest:
                files.refuse(entry)
            count += len(lines)
        finally:
            lock.release()
    return count


def _line_of(record: Dict[str, Any]) -> bytes:
    text = json.dumps(record.get("input"), separators=(",", ":"))
    return Record(str(record.get("op")), str(record.get("of")), text).line()
