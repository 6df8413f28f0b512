"""Records: one mutation of the API each, on one line of a spool file.

A line is `{"op":"logEpoch","of":"<experiment id>","input":{…}}`, always in this order of keys and without spaces. The
input is that of the mutation, except that an epoch's has no experimentId: it is an item of logEpochs.
"""

from __future__ import annotations

import getpass
import json
import re
import socket
from datetime import datetime
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from .object_ids import new_object_id
from .values import (
    LeftOut,
    fault_of_name,
    instant_of,
    integer_of,
    json_of,
    metrics_of,
    named,
    now_text,
    number_of,
    object_of,
    quantity_of,
    text_of,
)

CREATE = "createExperiment"
LOG_EPOCH = "logEpoch"
SAVE_CHECKPOINT = "saveCheckpoint"
UPDATE_STATUS = "updateExperimentStatus"
UPDATE = "updateExperiment"
OPERATIONS = (CREATE, LOG_EPOCH, SAVE_CHECKPOINT, UPDATE_STATUS, UPDATE)

STATUSES = ("running", "completed", "failed", "stopped")

_LINE = re.compile(rb'\{"op":"(\w+)","of":"([0-9a-f]{24})","input":(\{.*\})\}')
_LONGEST_NAME = 1024
_LARGEST_EPOCH = 2**31 - 1

_CREATE_FIELDS = {
    "created_by": "createdBy",
    "hostname": "hostname",
    "note": "note",
    "checkpoint_dir": "checkpointDir",
    "legacy_id": "legacyId",
}
_OBJECTS = ("model", "config", "dataset")
_TIMING = {"duration_seconds": "durationSeconds", "samples_per_second": "samplesPerSecond"}
_TIMING_INSTANTS = {"epoch_start": "epochStart", "epoch_end": "epochEnd"}
_MEMORY = {"gpu_allocated_mb": "gpuAllocatedMb", "gpu_cached_mb": "gpuCachedMb", "cpu_rss_mb": "cpuRssMb"}


class Record(NamedTuple):
    """One line: the mutation, the experiment that it is about, and its input as JSON text."""

    op: str
    experiment_id: str
    input: str

    def line(self) -> bytes:
        """The record as it stands in a spool file, newline included. ASCII alone."""
        return f'{{"op":"{self.op}","of":"{self.experiment_id}","input":{self.input}}}\n'.encode("ascii")

    def content(self) -> Dict[str, Any]:
        """The input, parsed."""
        content: Dict[str, Any] = json.loads(self.input)
        return content


class Draft(NamedTuple):
    """A record to be, and what could not be sent of it."""

    record: Record
    left_out: LeftOut


def parse_line(line: bytes, trusted: bool = False) -> Optional[Record]:
    """The record of a line (with or without its newline); None if it is not whole.

    `trusted` lines are this process's own: their epochs are not parsed again, only looked at.
    """
    match = _LINE.fullmatch(line.rstrip(b"\n"))
    if not match:
        return None
    op = match[1].decode()
    if op not in OPERATIONS:
        return None
    try:
        text = match[3].decode("ascii")
        if not (trusted and op == LOG_EPOCH) and not isinstance(json.loads(text), dict):
            return None
    except ValueError:
        return None
    return Record(op, match[2].decode(), text)


def json_text(content: Mapping[str, Any]) -> str:
    """Variables of a request as JSON text; NaN and the infinities are an error."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def _record(op: str, experiment_id: str, content: Mapping[str, Any]) -> Record:
    return Record(op, experiment_id, json_text(content))


def create_experiment(experiment_id: str, fields: Dict[str, Any]) -> Draft:
    """A new run from the tracker's keyword arguments. Those that the API does not have go into `config`."""
    left_out = LeftOut()
    rest = dict(fields)
    content: Dict[str, Any] = {"id": experiment_id}
    objects = {name: object_of(rest.pop(name, None), name, left_out) for name in _OBJECTS}
    content["name"] = _name(rest.pop("experiment_name", rest.pop("name", None)), objects["model"], left_out)
    challenge = rest.pop("challenge", None)
    if challenge is not None:
        number = integer_of(challenge)
        if number is None or abs(number) > _LARGEST_EPOCH:
            left_out.add("challenge", "is no integer", challenge)
        else:
            content["challenge"] = number
    status = rest.pop("status", None) or "running"
    try:
        content["status"] = status_of(status).upper()
    except ValueError:
        left_out.add("status", f"takes one of {', '.join(STATUSES)}", status)
        content["status"] = "RUNNING"
    content["startTime"] = instant_of(rest.pop("start_time", None), "start_time", left_out) or now_text()
    end = instant_of(rest.pop("end_time", None), "end_time", left_out)
    if end is not None:
        content["endTime"] = end
    metrics = metrics_of(rest.pop("metrics", None), left_out)
    if metrics:
        content["metrics"] = metrics
    tags = _tags(rest.pop("tags", None))
    if tags:
        content["tags"] = tags
    parent = rest.pop("parent_experiment_id", None)
    if parent is not None:
        content["parentExperimentId"] = text_of(parent)
    rest.setdefault("created_by", _user())
    rest.setdefault("hostname", socket.gethostname())
    for name, field in _CREATE_FIELDS.items():
        value = rest.pop(name, None)
        if value is not None:
            content[field] = text_of(value)
    others = object_of(rest, "config", left_out) if rest else None
    if others:
        objects["config"] = {**others, **(objects["config"] or {})}
    content.update({name: value for name, value in objects.items() if value is not None})
    return Draft(_record(CREATE, experiment_id, content), left_out)


def bare_experiment(record: Record) -> Record:
    """A new run with nothing but what identifies it: for one whose description the server refuses altogether."""
    content = record.content()
    kept = ("id", "name", "status", "startTime")
    return _record(CREATE, record.experiment_id, {key: content[key] for key in kept if key in content})


def log_epoch(
    experiment_id: str, epoch: Any, metrics: Any, timing: Any = None, memory: Any = None, timestamp: Any = None
) -> Draft:
    """An epoch. Keys of `timing` and `memory` that the API lacks become metrics, as `timing.NAME` and `memory.NAME`.

    Raises ValueError for an epoch that is no integer of 0 or more.
    """
    left_out = LeftOut()
    number = epoch if type(epoch) is int else integer_of(epoch)
    if number is None or not 0 <= number <= _LARGEST_EPOCH:
        raise ValueError(f"epoch is {epoch!r}; it takes an integer of 0 or more")
    content: Dict[str, Any] = {"epoch": number, "metrics": metrics_of(metrics, left_out)}
    if timing is not None:
        known = _known(timing, "timing", _TIMING, _TIMING_INSTANTS, content["metrics"], left_out)
        if known:
            content["timing"] = known
    if memory is not None:
        known = _known(memory, "memory", _MEMORY, {}, content["metrics"], left_out)
        if known:
            content["memory"] = known
    content["timestamp"] = now_text() if timestamp is None else instant_of(timestamp, "timestamp", left_out) or now_text()
    return Draft(_record(LOG_EPOCH, experiment_id, content), left_out)


def _known(
    given: Any,
    key: str,
    quantities: Mapping[str, str],
    instants: Mapping[str, str],
    metrics: Dict[str, Any],
    left_out: LeftOut,
) -> Dict[str, Any]:
    """The API's fields of `timing` or `memory`; numbers under other names are added to the metrics."""
    result: Dict[str, Any] = {}
    if not isinstance(given, Mapping):
        left_out.add(key, "is no mapping", given)
        return result
    for name, value in given.items():
        place = f"{key}.{name}"
        converted: Any = None
        if name in quantities:
            converted = quantity_of(value, place, left_out)
        elif name in instants:
            converted = instant_of(value, place, left_out)
        elif value is not None:
            number = number_of(value)
            fault = fault_of_name(place)
            if number is None or fault:
                left_out.add(place, fault or "is no field of the API, and no number", value)
            else:
                metrics.setdefault(place, named(float(number)) if isinstance(number, float) else number)
        if converted is not None:
            result[quantities.get(name) or instants[name]] = converted
    return result


def save_checkpoint(
    experiment_id: str,
    epoch: Any,
    metrics: Any,
    file: Any,
    is_best: Any = False,
    model_state: Any = None,
    validation: Any = None,
    timestamp: Any = None,
    others: Optional[Mapping[str, Any]] = None,
) -> Draft:
    """A checkpoint. `file` is a mapping with at least `path`, or the path itself.

    Raises ValueError for an epoch that is no integer of 0 or more, and where there is no path.
    """
    left_out = LeftOut()
    number = integer_of(epoch)
    if number is None or not 0 <= number <= _LARGEST_EPOCH:
        raise ValueError(f"epoch is {epoch!r}; it takes an integer of 0 or more")
    described = dict(file) if isinstance(file, Mapping) else {"path": file}
    if described.get("path") is None or not text_of(described["path"]):
        raise ValueError("file has no path")
    fields: Dict[str, Any] = {"path": text_of(described.pop("path"))}
    for name, field in {"checksum": "checksum", "format": "format"}.items():
        if described.get(name) is not None:
            fields[field] = text_of(described[name])
        described.pop(name, None)
    size = quantity_of(described.pop("size_mb", None), "file.size_mb", left_out)
    if size is not None:
        fields["sizeMb"] = size
    content: Dict[str, Any] = {
        "id": new_object_id(),
        "experimentId": experiment_id,
        "epoch": number,
        "isBest": bool(is_best),
        "metrics": metrics_of(metrics, left_out),
        "file": fields,
        "timestamp": instant_of(timestamp, "timestamp", left_out) or now_text(),
    }
    state = _texts_and_counts(model_state, "model_state", ("optimizer", "scheduler"), {"epoch": "epoch", "step": "step"}, left_out)
    if state:
        content["modelState"] = state
    counts = {"n_samples": "nSamples"}
    judged = _texts_and_counts(validation, "validation", ("predictions_file",), counts, left_out, ("inference_time_ms",))
    if judged:
        content["validation"] = judged
    for place, value in [*((f"file.{key}", item) for key, item in described.items()), *(others or {}).items()]:
        if value is not None:
            left_out.add(place, "is no field of a checkpoint", value)
    return Draft(_record(SAVE_CHECKPOINT, experiment_id, content), left_out)


def _texts_and_counts(
    given: Any,
    key: str,
    texts: Any,
    counts: Mapping[str, str],
    left_out: LeftOut,
    quantities: Any = (),
) -> Dict[str, Any]:
    result: Dict[str, Any] = {}
    if given is None:
        return result
    if not isinstance(given, Mapping):
        left_out.add(key, "is no mapping", given)
        return result
    for name, value in given.items():
        place = f"{key}.{name}"
        if value is None:
            continue
        if name in texts:
            result[_camel(name)] = text_of(value)
        elif name in counts:
            number = integer_of(value)
            if number is None or number < 0:
                left_out.add(place, "takes an integer of 0 or more", value)
            else:
                result[counts[name]] = number
        elif name in quantities:
            quantity = quantity_of(value, place, left_out)
            if quantity is not None:
                result[_camel(name)] = quantity
        else:
            left_out.add(place, "is no field of a checkpoint", value)
    return result


def update_status(experiment_id: str, status: Any, fields: Dict[str, Any]) -> List[Draft]:
    """A new status, and what else is given of the run. Other numbers count as metrics of the run.

    Raises ValueError for a status that there is not.
    """
    left_out = LeftOut()
    rest = dict(fields)
    word = status_of(status)
    content: Dict[str, Any] = {"experimentId": experiment_id, "status": word.upper()}
    metrics = metrics_of(rest.pop("metrics", None), left_out)
    end = instant_of(rest.pop("end_time", None), "end_time", left_out)
    if word != "running":
        content["endTime"] = end or now_text()
    if "note" in rest:
        note = rest.pop("note")
        content["note"] = None if note is None else text_of(note)
    described = {name: rest.pop(name) for name in (*_OBJECTS, "tags", "checkpoint_dir", "experiment_name") if name in rest}
    for name, value in rest.items():
        number = number_of(value)
        if number is not None and not fault_of_name(str(name)):
            metrics[str(name)] = named(number) if isinstance(number, float) else number
        elif value is not None:
            left_out.add(str(name), "is no field of a status, and no number", value)
    if metrics:
        content["metrics"] = metrics
    drafts = [update_experiment(experiment_id, described)] if described else []
    return [*drafts, Draft(_record(UPDATE_STATUS, experiment_id, content), left_out)]


def update_experiment(experiment_id: str, fields: Dict[str, Any]) -> Draft:
    """Changes to what is said of a run: experiment_name, note, tags, add_tags, model, config, dataset, checkpoint_dir."""
    left_out = LeftOut()
    content: Dict[str, Any] = {"id": experiment_id}
    for name, value in fields.items():
        if name in _OBJECTS:
            described = object_of(value, name, left_out)
            if described is not None:
                content[name] = described
        elif name in ("tags", "add_tags", "remove_tags"):
            content[_camel(name)] = _tags(value)
        elif name in ("experiment_name", "name"):
            content["name"] = _name(value, None, left_out)
        elif name in ("note", "checkpoint_dir"):
            content[_camel(name)] = None if value is None else text_of(value)
        elif value is not None:
            left_out.add(name, "is no field of a run that can be changed", value)
    return Draft(_record(UPDATE, experiment_id, content), left_out)


def status_of(status: Any) -> str:
    """One of STATUSES, from text in any case or an enum's member; ValueError for another."""
    word = str(getattr(status, "value", status)).strip().lower()
    if word not in STATUSES:
        raise ValueError(f"status is {status!r}; it takes one of {', '.join(STATUSES)}")
    return word


def _name(given: Any, model: Optional[Mapping[str, Any]], left_out: LeftOut) -> str:
    name = "" if given is None else text_of(given)
    if len(name.encode("utf-16-le")) // 2 > _LONGEST_NAME:
        left_out.add("experiment_name", f"is longer than {_LONGEST_NAME} characters, and was cut", name)
        name = name[: _LONGEST_NAME // 2]
    return name or f"{(model or {}).get('name') or 'experiment'}_{datetime.now():%Y%m%d_%H%M%S}"[-_LONGEST_NAME:]


def _tags(given: Any) -> List[str]:
    if given is None:
        return []
    values = [given] if isinstance(given, str) else list(given)
    return [text for text in dict.fromkeys(text_of(value) for value in values) if text]


def _user() -> Optional[str]:
    try:
        return getpass.getuser()
    except Exception:  # noqa: BLE001 - a container may know no user at all
        return None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def left_out_entry(record: Record, key: str, reason: str, value: object) -> Dict[str, Any]:
    """What the dead-letter file says of a part that did not go with its record."""
    sent = json_of(value, key, LeftOut())
    return {"op": record.op, "of": record.experiment_id, "left_out": key, "reason": reason, "value": sent}
