"""Sends records, in order for each experiment, and tells apart what passes, what is refused and what to try later."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, fields
from typing import Any, Callable, Deque, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from .errors import EpochgraphError, Refused, ServerFault, Unreachable
from .records import (
    CREATE,
    LOG_EPOCH,
    SAVE_CHECKPOINT,
    UPDATE,
    UPDATE_STATUS,
    Record,
    bare_experiment,
    left_out_entry,
)
from .transport import Connection

MAX_EPOCHS = 1000
MAX_BYTES = 2 << 20
# How often a fault of the server is taken for a passing one; and, where it fails at everything, how often a record is tried.
_FAULTS_BORNE = 5
_FAULTS_AT_MOST = 200
_FAULT = "INTERNAL_SERVER_ERROR"
_REPAIRS = 50

HEARTBEAT = "mutation($input: ID!) { heartbeat(experimentId: $input) { __typename } }"
_DOCUMENTS = {
    CREATE: "mutation($input: CreateExperimentInput!) { createExperiment(input: $input) { outcome } }",
    LOG_EPOCH: (
        "mutation($input: LogEpochsInput!) { logEpochs(input: $input) "
        "{ created replaced unchanged errors { index code message } } }"
    ),
    SAVE_CHECKPOINT: "mutation($input: SaveCheckpointInput!) { saveCheckpoint(input: $input) { outcome } }",
    UPDATE_STATUS: (
        "mutation($input: UpdateExperimentStatusInput!) { updateExperimentStatus(input: $input) { __typename } }"
    ),
    UPDATE: "mutation($input: UpdateExperimentInput!) { updateExperiment(input: $input) { __typename } }",
}

# Where a message names the value that is wrong: "input.x: is …" of the server's own checks, `at "input.x"` of the types'.
_PLACE = re.compile(r'^(?:"?)(input[.\[][^\s:"]*(?:\["(?:[^"\\]|\\.)*"\])?)"?: |at "(input[^"]*)"')
_EPOCH_PLACE = re.compile(r"input\.epochs\[(\d+)\]\.?")


@dataclass
class Counts:
    """What became of records: `created + replaced + unchanged + updated + refused` is how many were dealt with.

    `updated` are changes of a run and its status. `left_out` counts parts of records that could not be sent; the rest of
    these records went, and they are counted above. `unreadable` are lines that are no records, torn by a kill.
    """

    created: int = 0
    replaced: int = 0
    unchanged: int = 0
    updated: int = 0
    refused: int = 0
    left_out: int = 0
    unreadable: int = 0

    def add(self, other: Counts) -> None:
        """Adds another count to this one."""
        for field in fields(other):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    @property
    def dealt_with(self) -> int:
        """How many records need nothing more: delivered or refused."""
        return self.delivered + self.refused

    @property
    def delivered(self) -> int:
        """How many records are on the server."""
        return self.created + self.replaced + self.unchanged + self.updated

    def __str__(self) -> str:
        text = (
            f"{self.delivered} delivered ({self.created} created, {self.replaced} replaced, {self.unchanged} unchanged, "
            f"{self.updated} updated), {self.refused} refused"
        )
        text += f", {self.left_out} parts of records left out" if self.left_out else ""
        return text + (f", {self.unreadable} unreadable lines set aside" if self.unreadable else "")


class _Operation(NamedTuple):
    """One request: a single record, or epochs of one experiment."""

    records: List[Record]
    # How often the server failed at it, and how often it was mended.
    faults: int = 0
    repairs: int = 0
    # Delivered on behalf of another journal, which counts it, and notes what is wrong with it.
    elsewhere: bool = False
    # The whole record, where a run is tried without its description because the server fails at it.
    instead_of: Optional[Record] = None


class Delivery:
    """Sends the records of one window. `run` may be called again after Unreachable, and goes on where it was.

    `refuse` is called with an entry for the dead-letter file, and whether it is about a whole record. `find_creation`
    looks for the createExperiment of an id among records that are not delivered yet.
    """

    def __init__(
        self,
        connection: Connection,
        records: Iterable[Record],
        refuse: Callable[[Dict[str, Any], bool], None],
        find_creation: Callable[[str], Optional[Record]],
    ) -> None:
        self.counts = Counts()
        self._connection = connection
        self._refuse = refuse
        self._find_creation = find_creation
        self._operations = deque(_operations(records))
        self._sought: Set[str] = set()

    def run(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Sends what is left. Returns False if `until` said to stop before the end; raises Unreachable."""
        while self._operations:
            if until():
                return False
            operation = self._operations[0]
            try:
                data = self._connection.execute(_DOCUMENTS[operation.records[0].op], _variables(operation))
            except Refused as error:
                self._operations.popleft()
                self._on_refusal(operation, error)
            except ServerFault as error:
                self._on_fault(operation, error)
            else:
                self._operations.popleft()
                self._on_answer(operation, data)
        return True

    def _on_answer(self, operation: _Operation, data: Dict[str, Any]) -> None:
        if operation.instead_of is not None:
            self._leave_out_description(operation._replace(records=[operation.instead_of]), _FAULT, "the server failed at it")
        if operation.elsewhere:
            return
        counts = self.counts
        record = operation.records[0]
        if record.op == LOG_EPOCH:
            payload = data["logEpochs"]
            counts.created += payload["created"]
            counts.replaced += payload["replaced"]
            counts.unchanged += payload["unchanged"]
            retries = []
            for error in payload["errors"]:
                index = error["index"]
                refusal = Refused(error["message"], error["code"], _place(error["message"]))
                retries.extend(self._mend(_Operation([operation.records[index]], repairs=operation.repairs), refusal))
            self._operations.extendleft(reversed(retries))
            return
        outcome = data[record.op].get("outcome")
        if outcome == "CREATED":
            counts.created += 1
        elif outcome == "REPLACED":
            counts.replaced += 1
        elif outcome == "UNCHANGED":
            counts.unchanged += 1
        else:
            counts.updated += 1

    def _on_refusal(self, operation: _Operation, error: Refused) -> None:
        records = operation.records
        if error.code == "NOT_FOUND":
            missing = _missing(records[0], error)
            if missing not in self._sought:
                # Another process of this spool may have created the run and not delivered it yet (twice is as good as
                # once), or may have delivered it between the answer and this look: so it is tried again either way.
                self._sought.add(missing)
                creation = self._find_creation(missing)
                self._operations.appendleft(operation)
                if creation and creation != records[0]:
                    self._operations.appendleft(_Operation([creation], elsewhere=True))
                return
            if records[0].op == CREATE:
                # Of a run that continues one that is gone, the rest is as good as ever.
                error = Refused(error.message, "BAD_USER_INPUT", "input.parentExperimentId")
            else:
                for record in records:
                    self._dead_letter(record, error)
                return
        if len(records) == 1:
            self._operations.extendleft(reversed(self._mend(operation, error)))
            return
        place = _EPOCH_PLACE.match(error.argument or _place(error.message) or "")
        if place and int(place[1]) < len(records):
            # The rest of the batch goes on without the one that is wrong, whose turn comes behind them.
            index = int(place[1])
            parts = [records[:index], records[index + 1 :], [records[index]]]
        else:
            half = len(records) // 2
            parts = [records[:half], records[half:]]
        self._operations.extendleft(_Operation(part) for part in reversed(parts) if part)

    def _mend(self, operation: _Operation, error: Refused) -> List[_Operation]:
        """A single record again without the part that is wrong, where the server names one; else it is refused."""
        record = operation.records[0]
        argument = error.argument or _place(error.message)
        content = record.content()
        path = _EPOCH_PLACE.sub("", argument or "", count=1) if record.op == LOG_EPOCH else (argument or "")[len("input.") :]
        if error.code == "BAD_USER_INPUT" and path and operation.repairs < _REPAIRS:
            removed = _remove(content, path)
            if removed is not None and _still_complete(record.op, content):
                self._leave_out(operation, path, error.code, error.message, removed[0])
                mended = record._replace(input=json.dumps(content, separators=(",", ":")))
                return [operation._replace(records=[mended], repairs=operation.repairs + 1)]
        if record.op == CREATE and error.code in ("BAD_USER_INPUT", "LIMIT_EXCEEDED"):
            bare = bare_experiment(record)
            if bare.input != record.input:
                # Its epochs are worth nothing without a run to belong to.
                self._leave_out_description(operation, error.code, error.message)
                return [operation._replace(records=[bare], repairs=_REPAIRS)]
        if not operation.elsewhere:
            self._dead_letter(record, error)
        return []

    def _leave_out_description(self, operation: _Operation, code: str, reason: str) -> None:
        self._leave_out(operation, "everything but its name", code, reason, operation.records[0].content())

    def _leave_out(self, operation: _Operation, key: str, code: str, reason: str, value: object) -> None:
        if operation.elsewhere:
            return
        self.counts.left_out += 1
        self._refuse({"code": code, **left_out_entry(operation.records[0], key, reason, value)}, False)

    def _on_fault(self, operation: _Operation, error: ServerFault) -> None:
        """The server failed. That may pass, so the request is repeated; where it fails at this one alone, it is refused."""
        if operation.instead_of is not None:
            # Not the description is at fault, but the server.
            self._operations[0] = _Operation([operation.instead_of], elsewhere=operation.elsewhere)
            raise Unreachable(str(error))
        operation = operation._replace(faults=operation.faults + 1)
        self._operations[0] = operation
        record = operation.records[0]
        if operation.faults < _FAULTS_BORNE:
            raise Unreachable(str(error))
        if record.op == CREATE:
            # Its epochs are worth nothing without a run to belong to, so it is tried without its description, for ever.
            self._operations[0] = operation._replace(records=[bare_experiment(record)], instead_of=record)
            return
        if operation.faults < _FAULTS_AT_MOST and not self._can_write(record):
            raise Unreachable(str(error))
        self._operations.popleft()
        if len(operation.records) > 1:
            half = len(operation.records) // 2
            for part in (operation.records[half:], operation.records[:half]):
                self._operations.appendleft(_Operation(part, faults=_FAULTS_BORNE - 1))
        else:
            self._dead_letter(record, error)

    def _can_write(self, record: Record) -> bool:
        """Whether the server can write at all: it takes a heartbeat of the same run, or knows that there is no such run."""
        try:
            self._connection.execute(HEARTBEAT, json.dumps({"input": record.experiment_id}))
        except Refused:
            return True
        except EpochgraphError:
            return False
        return True

    def _dead_letter(self, record: Record, error: EpochgraphError) -> None:
        code = error.code if isinstance(error, Refused) else _FAULT
        self.counts.refused += 1
        reason = error.message if isinstance(error, Refused) else str(error)
        content = {"op": record.op, "of": record.experiment_id, "input": record.content()}
        self._refuse({"code": code, "reason": reason, "record": content}, True)


def _operations(records: Iterable[Record]) -> List[_Operation]:
    """Requests: for each experiment its records in order, neighbouring epochs together; experiments as they appear."""
    by_experiment: Dict[str, List[Record]] = {}
    for record in records:
        by_experiment.setdefault(record.experiment_id, []).append(record)
    operations: List[_Operation] = []
    for of_one in by_experiment.values():
        batch: Deque[Record] = deque()
        size = 0
        for record in of_one:
            is_epoch = record.op == LOG_EPOCH
            if batch and (not is_epoch or len(batch) >= MAX_EPOCHS or size + len(record.input) > MAX_BYTES):
                operations.append(_Operation(list(batch)))
                batch.clear()
                size = 0
            if is_epoch:
                batch.append(record)
                size += len(record.input)
            else:
                operations.append(_Operation([record]))
        if batch:
            operations.append(_Operation(list(batch)))
    return operations


def _variables(operation: _Operation) -> str:
    records = operation.records
    if records[0].op != LOG_EPOCH:
        return '{"input":%s}' % records[0].input
    epochs = ",".join([record.input for record in records])
    return '{"input":{"experimentId":"%s","epochs":[%s]}}' % (records[0].experiment_id, epochs)


def _missing(record: Record, error: Refused) -> str:
    """The id of the run that does not exist: the record's own, or the one that it continues."""
    named = re.search(r"[0-9a-f]{24}", error.message)
    return named[0] if named else record.experiment_id


def _place(message: str) -> Optional[str]:
    found = _PLACE.search(message)
    return (found[1] or found[2]) if found else None


def _still_complete(op: str, content: Dict[str, Any]) -> bool:
    """Whether what the API can't do without is still there."""
    required = {
        CREATE: ("id", "name"),
        LOG_EPOCH: ("epoch", "metrics"),
        SAVE_CHECKPOINT: ("experimentId", "epoch", "file"),
        UPDATE_STATUS: ("experimentId", "status"),
        UPDATE: ("id",),
    }[op]
    return all(name in content for name in required) and (op != SAVE_CHECKPOINT or "path" in content["file"])


def _remove(content: Any, path: str) -> Optional[Tuple[Any]]:
    """Removes the value at a path such as `config.batch_size`, `tags[2]` or `metrics["a.b"]`, and returns it in a tuple;
    None where there is none. Keys may hold dots.
    """
    if isinstance(content, list):
        found = re.match(r"\[(\d+)\]\.?", path)
        if not found or int(found[1]) >= len(content):
            return None
        index, rest = int(found[1]), path[found.end() :]
        return _remove(content[index], rest) if rest else (content.pop(index),)
    if not isinstance(content, dict):
        return None
    for key in list(content):
        for written in (key, f"[{json.dumps(key, ensure_ascii=False)}]"):
            if path == written:
                return (content.pop(key),)
            if path.startswith((f"{written}.", f"{written}[")):
                rest = path[len(written) :]
                removed = _remove(content[key], rest[1:] if rest.startswith(".") else rest)
                if removed:
                    return removed
    return None
