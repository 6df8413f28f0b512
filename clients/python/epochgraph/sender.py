"""The thread that delivers what the training logs, and says that the training is alive."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any, Callable, Dict, Optional, Set

from .delivery import HEARTBEAT, MAX_BYTES, Counts, Delivery
from .errors import Refused, ServerFault, Unreachable
from .journal import Journal
from .notices import Notices
from .records import CREATE, UPDATE_STATUS, Record
from .spool import WINDOW_LINES, LeftoverDelivery, find_creation, leftovers, unreadable_entry
from .spool_files import Window
from .transport import Address, Connection

HEARTBEAT_SECONDS = 60.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_LEFTOVERS_EVERY = 60.0
# Between bursts of computing, so that the training's thread gets the interpreter lock.
_BREATH = 0.0002


class Sender:
    """Delivers a journal in a thread of its own, from the first `wake` to `stop`.

    `counts` is what became of this process's records so far; it belongs to `condition`, which is notified at every change.
    """

    def __init__(
        self,
        journal: Journal,
        address: Optional[Address],
        token: Optional[str],
        timeout: float,
        notices: Notices,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self.counts = Counts()
        self.condition = threading.Condition()
        self.reachable: Optional[bool] = None
        self.trouble = ""
        self.attempts = 0
        self._journal = journal
        self._address = address
        self._connection = Connection(address, token, timeout) if address else None
        self._notices = notices
        self._heartbeat_seconds = heartbeat_seconds
        self._alive: Set[str] = set()
        self._beaten: Set[str] = set()
        self._thread: Optional[threading.Thread] = None
        self._signalled = False
        self._hurried = False
        self._stopping = False
        self._failures = 0
        self._paused_until = 0.0
        self._next_leftovers = 0.0
        self._next_heartbeat = time.monotonic() + heartbeat_seconds
        self._current: Optional[Window] = None
        self._delivery: Optional[Delivery] = None
        self._leftover: Optional[LeftoverDelivery] = None

    def wake(self, hurry: bool = False) -> None:
        """Says that there is something to do; with `hurry`, also that a pause after a failure is to end now."""
        with self.condition:
            self._signalled = True
            self._hurried = self._hurried or hurry
            if self._thread is None and self._connection is not None and not self._stopping:
                thread = threading.Thread(target=self._run, name="epochgraph", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    # At the interpreter's end no thread can be started any more; the spool keeps the records.
                    return
                self._thread = thread
            self.condition.notify_all()

    def watch(self, record: Record) -> None:
        """Learns from a record that is logged which runs this process keeps alive."""
        if record.op in (CREATE, UPDATE_STATUS):
            if record.content().get("status") == "RUNNING":
                self._alive.add(record.experiment_id)
            else:
                self._alive.discard(record.experiment_id)

    def stop(self, timeout: float) -> None:
        """Ends the thread, at the latest after `timeout` seconds; what is not delivered stays in the journal."""
        with self.condition:
            self._stopping = True
            self.condition.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    @property
    def stopped(self) -> bool:
        """Whether no thread uses the journal any more."""
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._wait()
                if self._stopping:
                    break
                if time.monotonic() >= self._paused_until:
                    self._work()
                    self._recovered()
            except Unreachable as error:
                self._pause(error)
            except FileNotFoundError as error:
                self._notices.warn("gone", f"somebody removed the spool's files while they were in use: {error}")
                self._journal.restart(self.counts.dealt_with)
                self._current = self._delivery = None
            except Exception as error:  # noqa: BLE001 - this thread must outlive any fault of its own
                self._notices.warn("sender", f"a fault of the tracker itself, {type(error).__name__}: {error}")
                self._pause(Unreachable(f"{type(error).__name__}: {error}"))
        if self._leftover:
            self._leftover.release()
        if self._connection:
            self._connection.close()
        with self.condition:
            self.condition.notify_all()

    def _wait(self) -> None:
        with self.condition:
            now = time.monotonic()
            if self._hurried:
                self._paused_until = 0.0
                self._hurried = False
            if self._paused_until > now:
                self.condition.wait_for(lambda: self._stopping or self._hurried, self._paused_until - now)
            elif not self._signalled and not self._delivery and not self._leftover:
                due = min(self._next_heartbeat, self._next_leftovers)
                self.condition.wait_for(lambda: self._stopping or self._signalled, max(due - now, 0.01))
            if self._paused_until <= time.monotonic():
                self._signalled = False

    def _work(self) -> None:
        while not self._stopping and self._next_window():
            window, delivery = self._current, self._delivery
            assert window is not None and delivery is not None
            with self.condition:
                self.attempts += 1
            if not delivery.run(self._is_stopping):
                return
            self._journal.acknowledge(window)
            self._current = self._delivery = None
            with self.condition:
                self.counts.add(delivery.counts)
                self.reachable = True
                self.condition.notify_all()
            self._recovered()
        self._beat()
        self._deliver_leftovers()

    def _is_stopping(self) -> bool:
        return self._stopping

    def _next_window(self) -> bool:
        if self._delivery is not None:
            return True
        window = self._journal.read(WINDOW_LINES, MAX_BYTES, _BREATH)
        if not window.size:
            return False
        assert self._connection is not None
        folder = self._journal.files.folder
        find: Callable[[str], Optional[Record]] = lambda experiment_id: find_creation(folder, experiment_id)
        self._delivery = Delivery(self._connection, window.records, self._refuse, find)
        self._current = window
        for line in window.unreadable:
            self._delivery.counts.unreadable += 1
            self._refuse(unreadable_entry(line), True)
        return True

    def _refuse(self, entry: Dict[str, Any], whole: bool) -> None:
        code, reason = entry.get("code"), entry.get("reason")
        what = f"{entry['left_out']} was left out of a record" if "left_out" in entry else "a record was refused"
        path = self._journal.files.refused_path
        assert self._address is not None
        entry = {**entry, "url": self._address.url}
        try:
            self._journal.files.refuse(entry)
            place = f"it is in {path}"
        except OSError as error:
            place = f"it can't be written to {path} ({error}) and is LOST: {json.dumps(entry)[:2000]}"
        self._notices.warn(f"refused {code}", f"{what}: {reason} ({code}); {place}")

    def _beat(self) -> None:
        """Sends a heartbeat for each run that this process has begun and not ended; the first at once."""
        now = time.monotonic()
        due = set(self._alive) if now >= self._next_heartbeat else self._alive - self._beaten
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + self._heartbeat_seconds
        assert self._connection is not None
        for experiment_id in due:
            self._beaten.add(experiment_id)
            try:
                self._connection.execute(HEARTBEAT, json.dumps({"input": experiment_id}))
            except (Refused, ServerFault):
                pass  # Not delivered yet, or deleted meanwhile: the records themselves will tell.

    def _deliver_leftovers(self) -> None:
        """Delivers what ended processes left, as long as this one has nothing to send itself."""
        now = time.monotonic()
        if self._leftover is None and now < self._next_leftovers:
            return
        assert self._connection is not None and self._address is not None

        def busy() -> bool:
            return self._stopping or self._signalled

        while not busy():
            if self._leftover is None:
                found = next(leftovers(self._journal.files.folder, self._address.url), None)
                if found is None:
                    self._next_leftovers = time.monotonic() + _LEFTOVERS_EVERY
                    return
                self._leftover = LeftoverDelivery(found, self._connection, self._note_leftover, self._note_refused)
            leftover = self._leftover
            try:
                if leftover.run(busy):
                    self._leftover = None
            except OSError as error:
                self._notices.warn("leftovers", f"can't deliver what an earlier process left in the spool: {error}")
                leftover.release()
                self._leftover = None
                self._next_leftovers = time.monotonic() + _LEFTOVERS_EVERY
                return

    def _note_leftover(self, counts: Counts) -> None:
        self._notices.warn("leftover", f"records of an earlier process of this spool: {counts}")

    def _note_refused(self, entry: Dict[str, Any], whole: bool) -> None:
        reason, code = entry.get("reason"), entry.get("code")
        self._notices.warn(f"refused {code}", f"a record of an earlier process was refused: {reason} ({code})")

    def _pause(self, error: Unreachable) -> None:
        pause = min(_FIRST_PAUSE * 2 ** min(self._failures, 10), _LONGEST_PAUSE) * random.uniform(0.5, 1.0)
        if error.retry_after is not None:
            pause = max(pause, error.retry_after)
        self._failures += 1
        if self._failures == 2:
            # One failure alone may be a server that restarts.
            self._notices.warn("unreachable", f"{error}; records wait in {self._journal.files.folder} meanwhile")
        with self.condition:
            self._paused_until = time.monotonic() + pause
            self.reachable = False
            self.trouble = str(error)
            self.attempts += 1
            self.condition.notify_all()

    def _recovered(self) -> None:
        if self._failures >= 2:
            self._notices.warn("reachable", "the server answers again")
        self._failures = 0


