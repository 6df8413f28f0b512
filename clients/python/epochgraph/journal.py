"""The journal that this process writes: appended by the training's threads, read by the one that delivers."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import Callable, Deque, List, Optional

from . import locks
from .records import LOG_EPOCH, Record, parse_line
from .spool_files import JournalFiles, JournalReader, Position, Window, header_line, new_name

SEGMENT_BYTES = 8 << 20
_WORTH_ROTATING = 256 << 10
MEMORY_BYTES = 16 << 20


class Journal:
    """Appends records to files in `folder`, and keeps them in memory while that can't be done (a full disk, say).

    An append is one write of a whole line without fsync: what it returned from survives the process, not a crash of the
    machine. `trouble` is called, from whichever thread meets it, with a kind and a sentence for the user. At most `memory_bytes` are
    kept in memory; past that, epochs are lost. `appended` counts all records, `lost` those that were lost.
    """

    def __init__(
        self,
        folder: str,
        url: str,
        trouble: Callable[[str, str], None],
        segment_bytes: int = SEGMENT_BYTES,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self.files = JournalFiles(folder, new_name())
        self.appended = 0
        self.lost = 0
        self._url = url
        self._trouble = trouble
        self._segment_bytes = segment_bytes
        self._memory_bytes = memory_bytes
        self._mutex = threading.Lock()
        self._file_lock: Optional[locks.FileLock] = None
        self._locked = False
        self._segment = 0
        self._descriptor: Optional[int] = None
        self._size = 0
        self._torn = False
        self._memory: Deque[bytes] = deque()
        self._memory_size = 0
        self._reading_memory = False
        self._reader: Optional[JournalReader] = None

    # For the threads that log.

    def append(self, record: Record) -> bool:
        """Keeps a record, behind all that came before; False if there was no room for it anywhere."""
        line = record.line()
        with self._mutex:
            self.appended += 1
            if self._memory and not self._reading_memory:
                self._spill()
            if not self._memory and self._write(line):
                return True
            return self._remember(record, line)

    def _write(self, line: bytes) -> bool:
        """Appends a line to the file; False where that failed and nothing of it is left there."""
        try:
            if self._descriptor is None or self._size >= self._segment_bytes:
                self._open_segment()
            descriptor = self._descriptor
            assert descriptor is not None
            if self._torn:
                # Ends what a failed write left, so that it is one unreadable line and this one is whole.
                line = b"\n" + line
            written = os.write(descriptor, line)
            if written < len(line):
                self._undo(descriptor, written)
                raise OSError(f"only {written} of {len(line)} bytes could be written")
            self._size += written
            self._torn = False
            return True
        except OSError as error:
            self._trouble(
                "spool",
                f"can't write to the spool {self.files.folder} ({error}): records are kept in memory, and are lost if "
                "this process ends before they are delivered",
            )
            return False

    def _undo(self, descriptor: int, written: int) -> None:
        try:
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
        except OSError:
            self._torn = True

    def _open_segment(self) -> None:
        """Begins the next segment, and the journal with the first. The lock comes before any record."""
        if not self._locked:
            os.makedirs(self.files.folder, mode=0o700, exist_ok=True)
            try:
                for _ in range(10):
                    self._file_lock = locks.take(self.files.lock_path, create=True)
                    if self._file_lock:
                        break
                    self.files = JournalFiles(self.files.folder, new_name())
                else:
                    raise OSError("no lock to be had")
            except locks.Unsupported:
                open(self.files.lock_path, "ab").close()
            self._locked = True
        number = self._segment + 1
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        path = self.files.segment_path(number)
        descriptor = os.open(path, flags, 0o600)
        try:
            header = header_line(self._url)
            if os.write(descriptor, header) < len(header):
                raise OSError("no room for a new file of the spool")
        except OSError:
            os.close(descriptor)
            os.unlink(path)
            raise
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._segment, self._size, self._torn = descriptor, number, len(header), False

    def _spill(self) -> None:
        while self._memory and self._write(self._memory[0]):
            self._memory_size -= len(self._memory.popleft())

    def _remember(self, record: Record, line: bytes) -> bool:
        """Keeps a line in memory. Past the bound, an epoch gives way: without its run, or its end, none is of use."""
        if self._memory_size + len(line) > self._memory_bytes and record.op == LOG_EPOCH:
            self.lost += 1
            text = f"neither the disk nor memory has room for more: {self.lost} epochs are LOST so far"
            self._trouble("lost", text)
            return False
        self._memory.append(line)
        self._memory_size += len(line)
        return True

    # For the thread that delivers.

    def read(self, max_lines: int, max_bytes: int, pause: float) -> Window:
        """The next records that wait, of the file or, behind it, of memory; of size 0 if none do."""
        if self._segment:
            if self._reader is None:
                self._reader = JournalReader(self.files, finished=False)
            self._reader.pause = pause
            window = self._reader.read(max_lines, max_bytes)
            if window.size:
                return window
        with self._mutex:
            lines = [line for _, line in zip(range(max_lines), self._memory)]
            self._reading_memory = bool(lines)
        records = [record for record in map(parse_line, lines) if record]
        return Window(records, [], len(lines), self._reader.position if self._reader else Position(0, 0))

    def acknowledge(self, window: Window) -> None:
        """Takes a window that `read` gave as delivered."""
        with self._mutex:
            if self._reading_memory:
                for _ in range(window.size):
                    self._memory_size -= len(self._memory.popleft())
                self._reading_memory = False
                return
        if self._reader:
            self._reader.position = window.end
            try:
                self.files.acknowledge(window.end)
                self._rotate()
            except OSError as error:
                self._trouble("offset", f"can't note in {self.files.folder} what is delivered ({error}); it may be sent again")

    def _rotate(self) -> None:
        """Begins a new file where the one there is delivered to its end and is worth removing."""
        with self._mutex:
            assert self._reader is not None
            if self._size < _WORTH_ROTATING or self._reader.position != (self._segment, self._size):
                return
            self._open_segment()
            self._reader.position = Position(self._segment, 0)
            position = self._reader.position
        self.files.acknowledge(position)

    def restart(self, dealt_with: int) -> None:
        """Goes on with new files, after somebody removed those that there were: what was not dealt with is lost."""
        with self._mutex:
            self._abandon()
            self.lost = self.appended - dealt_with - len(self._memory)
            self.files = JournalFiles(self.files.folder, new_name())

    def close(self, delivered: bool) -> None:
        """Lets go of the files; with `delivered`, removes them. What memory holds goes to the file if there is room."""
        with self._mutex:
            if self._memory:
                self._reading_memory = False
                self._spill()
            self.lost += len(self._memory)
            self._memory.clear()
            self._memory_size = 0
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
            if delivered and self._locked:
                try:
                    self.files.remove()
                except OSError:
                    delivered = False
            if self._file_lock:
                self._file_lock.release(remove=delivered)
            elif delivered and self._locked:
                _remove(self.files.lock_path)
            self._file_lock, self._locked, self._segment, self._reader = None, False, 0, None

    def _abandon(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        if self._file_lock:
            self._file_lock.release()
        self._descriptor, self._file_lock, self._locked, self._segment, self._reader = None, None, False, 0, None

    def forget(self) -> None:
        """In a forked child: lets go of the parent's files without a trace. Its records are the parent's to deliver."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if self._file_lock:
            self._file_lock.forget()
            self._file_lock = None

    def in_memory(self) -> List[bytes]:
        """The lines that are kept in memory."""
        with self._mutex:
            return list(self._memory)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
