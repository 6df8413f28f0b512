"""The tracker: what a training script talks to."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import traceback
import weakref
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Dict, Mapping, Optional, Set, Tuple, Type, Union

from . import records
from .delivery import Counts
from .errors import EpochgraphError
from .guard import never_raises
from .journal import Journal
from .notices import Notices
from .object_ids import as_object_id, new_object_id
from .reads import Reads
from .records import Draft
from .run import Run
from .sender import HEARTBEAT_SECONDS, Sender
from .spool_files import default_folder
from .transport import Address, Connection, usable_token
from .values import LeftOut, json_of, shown

DEFAULT_URL = "http://127.0.0.1:4000/graphql"

# A server that does not answer at all is not waited for any longer than this at the end.
_UNREACHABLE_PATIENCE = 3.0
_SETTLE_SECONDS = 10.0
_PROGRESS_EVERY = 5.0

_trackers: "weakref.WeakSet[ExperimentTracker]" = weakref.WeakSet()
# Those that have something to deliver at the end of the process, even where the script has let go of them.
_open: "Set[ExperimentTracker]" = set()


@dataclass
class Tally(Counts):
    """What became of this process's records. `logged` is the sum of those dealt with, `lost` and `waiting`."""

    logged: int = 0
    lost: int = 0
    waiting: int = 0


class ExperimentTracker(Reads):
    """Logs training runs to an Epochgraph server.

    Writes append to a spool on disk and return; a thread delivers them. They never raise and never wait for the server.
    Reads ask the server, and raise an EpochgraphError where it does not answer or refuses.

    `url` defaults to EPOCHGRAPH_URL, else http://127.0.0.1:4000/graphql; `token` to EPOCHGRAPH_TOKEN, else none; `spool`,
    a folder, to EPOCHGRAPH_SPOOL, else one in the user's state folder. `timeout` is how many seconds a request may take,
    `close_timeout` how many the end of the process waits for the delivery, `heartbeat_seconds` the time between signs of
    life of the runs that this process has begun.

    May be used from several threads, and in forked processes, each of which has a journal of its own.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        spool: Union[str, "os.PathLike[str]", None] = None,
        timeout: float = 30.0,
        close_timeout: float = 60.0,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        given = url or os.environ.get("EPOCHGRAPH_URL") or DEFAULT_URL
        # Empty where the address makes no sense: it may hold a password, and is repeated nowhere.
        self.url = ""
        self.spool = os.path.abspath(os.fspath(spool)) if spool is not None else default_folder()
        self.close_timeout = close_timeout
        self._token: Optional[str] = None
        self._timeout = timeout
        self._heartbeat_seconds = heartbeat_seconds
        self._notices = Notices()
        self._address: Optional[Address] = None
        self._misaddressed = ""
        try:
            address = Address(given)
            self.url = address.url
            self._token = usable_token(token or os.environ.get("EPOCHGRAPH_TOKEN"))
            self._address = address
        except ValueError as error:
            self._misaddressed = str(error)
            self._notices.warn("address", f"{error}. Records are kept in the spool {self.spool}.")
        self._begin()
        _trackers.add(self)

    def _begin(self) -> None:
        """A state without any journal or thread: at first, and again in a forked child."""
        self._mutex = threading.Lock()
        self._journal: Optional[Journal] = None
        self._sender: Optional[Sender] = None
        self._earlier = Tally()
        self._own_faults = 0
        self._ended: Dict[str, str] = {}
        self._reading = threading.Lock()
        self._read_connection: Optional[Connection] = None

    # Writes.

    def create_experiment(self, **fields: Any) -> str:
        """Begins a run, and returns its id at once, whether or not a server is there.

        Takes experiment_name, challenge, model, config, dataset, metrics, tags, note, status, start_time, end_time,
        created_by, hostname, parent_experiment_id, checkpoint_dir and legacy_id. Anything else goes into `config`. `id`
        may be given (24 hexadecimal digits).
        """
        experiment_id = new_object_id()
        try:
            if fields.get("id") is not None:
                experiment_id = as_object_id(fields.pop("id"))
            self._append(records.create_experiment(experiment_id, fields))
        except Exception as error:  # noqa: BLE001 - the run goes on without its description
            self._on_own_fault("create_experiment", error, (), fields)
            self._create_bare(experiment_id, fields)
        return experiment_id

    def _create_bare(self, experiment_id: str, fields: Mapping[str, Any]) -> None:
        """A run with little more than its name, for one whose description could not even be read."""
        try:
            name = fields.get("experiment_name")
            self._append(records.create_experiment(experiment_id, {"experiment_name": name if isinstance(name, str) else None}))
        except Exception as error:  # noqa: BLE001
            self._on_own_fault("create_experiment", error)

    @never_raises
    def log_epoch(
        self,
        experiment_id: str,
        epoch: int,
        metrics: Mapping[str, Any],
        timing: Optional[Mapping[str, Any]] = None,
        memory: Optional[Mapping[str, Any]] = None,
        timestamp: Any = None,
    ) -> None:
        """Logs the metrics of an epoch; the same epoch again replaces it.

        `timing` takes duration_seconds, samples_per_second, epoch_start and epoch_end; `memory` takes gpu_allocated_mb,
        gpu_cached_mb and cpu_rss_mb. Other numbers in them become metrics. `timestamp` is now if left out.
        """
        self._append(records.log_epoch(as_object_id(experiment_id), epoch, metrics, timing, memory, timestamp))

    @never_raises
    def save_checkpoint_info(
        self,
        experiment_id: str,
        epoch: int,
        metrics: Mapping[str, Any],
        file: Any,
        is_best: bool = False,
        model_state: Optional[Mapping[str, Any]] = None,
        validation: Optional[Mapping[str, Any]] = None,
        timestamp: Any = None,
        **others: Any,
    ) -> None:
        """Says where a checkpoint is. `file` takes path, size_mb, checksum and format, or is the path itself.

        With `is_best`, the run's former best stops being it. `model_state` takes optimizer, scheduler, epoch and step;
        `validation` takes n_samples, inference_time_ms and predictions_file.
        """
        experiment_id = as_object_id(experiment_id)
        self._append(
            records.save_checkpoint(
                experiment_id, epoch, metrics, file, is_best, model_state, validation, timestamp, others
            )
        )

    @never_raises
    def update_experiment_status(self, experiment_id: str, status: str, **fields: Any) -> None:
        """Says that a run is running, completed, failed or stopped.

        Takes metrics of the run as a whole, end_time (now if left out) and note. Other numbers count as metrics.
        """
        experiment_id = as_object_id(experiment_id)
        for draft in records.update_status(experiment_id, status, fields):
            self._append(draft)
        self._ended[experiment_id] = records.status_of(status)

    @never_raises
    def update_experiment(self, experiment_id: str, **fields: Any) -> None:
        """Changes what is said of a run: experiment_name, note, tags (or add_tags), model, config, dataset, checkpoint_dir."""
        self._append(records.update_experiment(as_object_id(experiment_id), fields))

    def run(self, **fields: Any) -> Run:
        """A run as a context: `with tracker.run(experiment_name="...") as run: run.log_epoch(...)`.

        Takes what create_experiment takes. It ends as failed on an exception, with it as the note, as stopped on
        KeyboardInterrupt, and otherwise as completed.
        """
        return Run(self, fields)

    def status_said(self, experiment_id: str) -> Optional[str]:
        """The status that this process last gave a run; None if it gave none."""
        return self._ended.get(experiment_id)

    def _append(self, draft: Draft) -> None:
        record, left_out = draft
        with self._mutex:
            if self._journal is None or self._sender is None:
                _open.add(self)
                self._journal = Journal(self.spool, self.url, self._notices.warn)
                self._sender = Sender(
                    self._journal, self._address, self._token, self._timeout, self._notices, self._heartbeat_seconds
                )
            journal, sender = self._journal, self._sender
            journal.append(record)
        sender.watch(record)
        sender.wake()
        if left_out.parts:
            self._tell_left_out(journal, record, left_out)

    def _tell_left_out(self, journal: Journal, record: records.Record, left_out: LeftOut) -> None:
        for key, reason, value in left_out.parts:
            self._earlier.left_out += 1
            self._notices.warn(f"left out {key}", f"{key} {reason}, and was left out of a record: {value}")
            try:
                journal.files.refuse({"code": "UNSENDABLE", **records.left_out_entry(record, key, reason, value)})
            except OSError:
                pass  # No room on the disk; the warning has it.

    def _on_own_fault(self, method: str, error: Exception, args: Any = (), kwargs: Any = None) -> None:
        """Tells of a call that could not be recorded, and keeps its arguments among the dead letters if that works."""
        self._own_faults += 1
        try:
            text = f"{type(error).__name__}: {error}"
            if isinstance(error, ValueError):
                self._notices.warn(f"fault {method} ValueError", f"{method}: {error}; the call was not recorded")
            else:
                trace = "".join(traceback.format_exception(type(error), error, error.__traceback__)[-3:])
                said = f"{method} failed, and the call was not recorded: {text}\n{trace}"
                self._notices.warn(f"fault {method} {type(error).__name__}", said)
            journal = self._journal
            if journal is not None and (args or kwargs):
                given = json_of([list(args), dict(kwargs or {})], method, LeftOut())
                journal.files.refuse({"code": "UNSENDABLE", "reason": text, "call": method, "arguments": given})
        except Exception:  # noqa: BLE001 - an error whose text can't be made, or no room on the disk
            pass

    # Delivery.

    def counts(self) -> Tally:
        """What became of this process's records so far."""
        with self._mutex:
            tally = Tally()
            tally.add(self._earlier)
            if self._journal and self._sender:
                tally.logged += self._journal.appended
                tally.lost += self._journal.lost
                tally.add(self._sender.counts)
            tally.waiting = tally.logged - tally.lost - tally.dealt_with
            return tally

    @property
    def failed_calls(self) -> int:
        """How many calls were not recorded at all, because of an argument that makes no sense or a fault of the tracker."""
        return self._own_faults

    def flush(self, timeout: Optional[float] = None) -> bool:
        """Waits until all that was logged before is delivered or refused, at most `timeout` seconds (None: without end).

        Returns whether it is. Never raises.
        """
        try:
            return self._flush(timeout, patience=None, progress=False)
        except Exception as error:  # noqa: BLE001
            self._on_own_fault("flush", error)
            return False

    def _current(self) -> Optional[Tuple[Journal, Sender]]:
        with self._mutex:
            return (self._journal, self._sender) if self._journal and self._sender else None

    def _flush(self, timeout: Optional[float], patience: Optional[float], progress: bool) -> bool:
        current = self._current()
        if current is None:
            return True
        journal, sender = current
        target = journal.appended
        began = time.monotonic()
        said = began
        sender.wake(hurry=True)
        waits_since = began

        def waiting() -> int:
            return target - journal.lost - sender.counts.dealt_with

        while waiting() > 0:
            now = time.monotonic()
            if self._address is None or (timeout is not None and now - began >= timeout):
                return False
            if sender.reachable is not False:
                waits_since = now
            elif patience is not None and now - waits_since >= patience:
                return False
            if progress and now - said >= _PROGRESS_EVERY:
                said = now
                trouble = f" ({sender.trouble})" if sender.reachable is False else ""
                _say(f"epochgraph: {waiting()} records are still to be delivered{trouble}")
            with sender.condition:
                left = 0.25 if timeout is None else min(0.25, max(timeout - (now - began), 0.001))
                if waiting() > 0:
                    sender.condition.wait(left)
            if sender.reachable is False and patience is not None:
                sender.wake(hurry=True)
        return True

    def close(self, timeout: Optional[float] = None) -> None:
        """Delivers what waits, at most `timeout` seconds (close_timeout if None), and ends the thread. Never raises.

        What can't be delivered stays in the spool, and a sentence on stderr says so. Logging afterwards opens it again.
        """
        try:
            self._close(self.close_timeout if timeout is None else timeout)
        except Exception as error:  # noqa: BLE001
            self._on_own_fault("close", error)

    def _close(self, timeout: float) -> None:
        began = time.monotonic()
        self._flush(timeout, _UNREACHABLE_PATIENCE, progress=True)
        with self._reading:
            if self._read_connection:
                self._read_connection.close()
        with self._mutex:
            journal, sender = self._journal, self._sender
            self._journal = self._sender = None
            _open.discard(self)
        if journal is None or sender is None:
            return
        sender.stop(max(0.5, min(2.0, timeout - (time.monotonic() - began))))
        in_memory = len(journal.in_memory())
        waiting = journal.appended - journal.lost - sender.counts.dealt_with
        if sender.stopped:
            journal.close(delivered=waiting == 0)
        tally = self._earlier
        tally.logged += journal.appended
        tally.lost += journal.lost
        tally.add(sender.counts)
        if waiting > 0:
            lost = f", of which {journal.lost} are LOST" if journal.lost and in_memory else ""
            why = self._misaddressed or sender.trouble or "there was not enough time"
            command = f"{os.path.basename(sys.executable) or 'python'} -m epochgraph sync {self.spool}"
            _say(f"epochgraph: {waiting} records are not delivered ({why}){lost}. They wait in the spool; the next run "
                 f"delivers them, or: {command}")
        elif sender.counts.refused or tally.lost:
            _say(f"epochgraph: {sender.counts}, {tally.lost} lost; see: epochgraph status {self.spool}")

    def __enter__(self) -> ExperimentTracker:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self.url!r}, spool={self.spool!r})"

    def __reduce__(self) -> Any:
        # Another process gets a tracker of its own, with a journal of its own.
        arguments = (self.url, self._token, self.spool, self._timeout, self.close_timeout, self._heartbeat_seconds)
        return (type(self), arguments)

    # Reads.

    def query(self, document: str, variables: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """Runs any GraphQL document and returns its `data`. Raises an EpochgraphError.

        What this process logged before is delivered first, if the server answers within a few seconds.
        """
        if self._address is None:
            raise EpochgraphError(self._misaddressed)
        sender = self._sender
        if sender is not None and sender.reachable is not False:
            self._flush(_SETTLE_SECONDS, patience=0.5, progress=False)
        with self._reading:
            if self._read_connection is None:
                self._read_connection = Connection(self._address, self._token, self._timeout)
            return self._read_connection.execute(document, records.json_text(variables or {}))

    # Forks.

    def _in_forked_child(self) -> None:
        journal, connection = self._journal, self._read_connection
        self._notices = Notices()
        self._begin()
        if journal is not None:
            journal.forget()
        if connection is not None:
            connection.close()


class MongoExperimentTracker(ExperimentTracker):
    """The tracker under the name of the class that it takes the place of.

    A connection string or host of MongoDB that an old script passes means nothing here: the server's address comes from
    EPOCHGRAPH_URL.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        known = ("url", "token", "spool", "timeout", "close_timeout", "heartbeat_seconds")
        taken = {name: value for name, value in kwargs.items() if name in known}
        taken.update(zip(known, args))
        ignored = {name: value for name, value in kwargs.items() if name not in known}
        if str(taken.get("url") or "").startswith("mongodb"):
            ignored["url"] = taken.pop("url")
        super().__init__(**taken)
        for name, value in ignored.items():
            text = "a MongoDB address" if "mongodb" in str(value) else shown(value)
            self._notices.warn(f"argument {name}", f"{name} ({text}) has no meaning here; the server is {self.url}")

    def __reduce__(self) -> Any:
        return super().__reduce__()


_shared: Optional[ExperimentTracker] = None
_shared_mutex = threading.Lock()


def get_tracker(**kwargs: Any) -> ExperimentTracker:
    """The tracker that all of this process shares; with arguments, a new one of its own."""
    global _shared
    if kwargs:
        return MongoExperimentTracker(**kwargs)
    with _shared_mutex:
        if _shared is None:
            _shared = MongoExperimentTracker()
        return _shared


def _say(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except Exception:  # noqa: BLE001 - stderr may be closed
        pass


def _close_all() -> None:
    for tracker in list(_open):
        tracker.close()


def _after_fork_in_child() -> None:
    global _shared_mutex
    _shared_mutex = threading.Lock()
    for tracker in list(_trackers):
        try:
            tracker._in_forked_child()
        except Exception:  # noqa: BLE001 - an exception here would reach the child's own code
            pass


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
