"""Answers of the API as documents of the stored shape: snake_case names, metrics as floats, instants as datetimes.

Instants are datetimes in UTC without a zone, as PyMongo gives them by default, so that they compare with what scripts
make by `datetime.utcnow()`.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, Mapping, Optional

from .errors import QueryError

EXPERIMENT = """
  id name challenge status startTime endTime lastSeenAt createdBy hostname tags note checkpointDir legacyId
  model { all } config { all } dataset { all } metrics { values } parent { id }
"""
EPOCH = """
  id epoch timestamp metrics { values }
  timing { durationSeconds samplesPerSecond epochStart epochEnd }
  memory { gpuAllocatedMb gpuCachedMb cpuRssMb }
"""
CHECKPOINT = """
  id epoch isBest timestamp metrics { values }
  file { path sizeMb checksum format }
  modelState { optimizer scheduler epoch step }
  validation { nSamples inferenceTimeMs predictionsFile }
"""

Document = Dict[str, Any]


def experiment_document(node: Mapping[str, Any]) -> Document:
    """A run as it is stored, with `_id` as text."""
    parent = node.get("parent")
    return {
        "_id": node["id"],
        "experiment_name": node["name"],
        "challenge": node["challenge"],
        "status": node["status"].lower(),
        "model": (node["model"] or {}).get("all"),
        "config": node["config"]["all"],
        "dataset": (node["dataset"] or {}).get("all"),
        "metrics": numbers(node["metrics"]["values"]),
        "start_time": instant(node["startTime"]),
        "end_time": instant(node["endTime"]),
        "last_seen_at": instant(node["lastSeenAt"]),
        "created_by": node["createdBy"],
        "hostname": node["hostname"],
        "tags": node["tags"],
        "note": node["note"],
        "checkpoint_dir": node["checkpointDir"],
        "legacy_id": node["legacyId"],
        "parent_experiment_id": parent["id"] if parent else None,
    }


def epoch_document(node: Mapping[str, Any], experiment_id: str) -> Document:
    """An epoch as it is stored."""
    document: Document = {
        "_id": node["id"],
        "experiment_id": experiment_id,
        "epoch": node["epoch"],
        "metrics": numbers(node["metrics"]["values"]),
        "timestamp": instant(node["timestamp"]),
    }
    timing = _snake(node.get("timing"))
    if timing:
        for name in ("epoch_start", "epoch_end"):
            if name in timing:
                timing[name] = instant(timing[name])
        document["timing"] = timing
    memory = _snake(node.get("memory"))
    if memory:
        document["memory"] = memory
    return document


def checkpoint_document(node: Mapping[str, Any], experiment_id: str) -> Document:
    """A checkpoint as it is stored."""
    document: Document = {
        "_id": node["id"],
        "experiment_id": experiment_id,
        "epoch": node["epoch"],
        "is_best": node["isBest"],
        "metrics": numbers(node["metrics"]["values"]),
        "file": _snake(node["file"]) or {},
        "timestamp": instant(node["timestamp"]),
    }
    for name, field in {"model_state": "modelState", "validation": "validation"}.items():
        part = _snake(node.get(field))
        if part:
            document[name] = part
    return document


def numbers(values: Mapping[str, Any]) -> Dict[str, float]:
    """Metrics as floats; the API names NaN and the infinities."""
    return {name: float(value) if isinstance(value, str) else value for name, value in values.items()}


def instant(text: Optional[str]) -> Optional[datetime]:
    """An instant of the API as a datetime in UTC without a zone."""
    if text is None:
        return None
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).replace(tzinfo=None)


def project(document: Document, projection: Optional[Any]) -> Document:
    """The document with the fields that a PyMongo projection asks for: a list of names, or a mapping to 1 or 0."""
    if not projection:
        return document
    wanted = dict(projection) if isinstance(projection, Mapping) else {name: 1 for name in projection}
    bad = [name for name, value in wanted.items() if value not in (0, 1)]
    if bad:
        raise QueryError(f"a projection takes 1 or 0, not {wanted[bad[0]]!r} for {bad[0]!r}")
    with_id = bool(wanted.pop("_id", 1))
    kinds = {bool(value) for value in wanted.values()}
    if len(kinds) > 1:
        raise QueryError("a projection names the fields to keep or the fields to leave out, not both")
    if kinds == {True}:
        result: Document = {"_id": document["_id"]} if with_id else {}
        for path in wanted:
            _copy(document, result, path.split("."))
        return result
    result = dict(document)
    if not with_id:
        del result["_id"]
    for path in wanted:
        _drop(result, path.split("."))
    return result


def _copy(source: Any, target: Document, keys: Any) -> None:
    first, *rest = keys
    if not isinstance(source, Mapping) or first not in source:
        return
    if not rest:
        target[first] = source[first]
        return
    part = target.setdefault(first, {})
    if isinstance(part, dict):
        _copy(source[first], part, rest)


def _drop(target: Document, keys: Any) -> None:
    first, *rest = keys
    if first not in target:
        return
    if not rest:
        del target[first]
    elif isinstance(target[first], dict):
        target[first] = dict(target[first])
        _drop(target[first], rest)


def _snake(node: Optional[Mapping[str, Any]]) -> Optional[Document]:
    if node is None:
        return None
    return {
        "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name): value
        for name, value in node.items()
        if value is not None
    }
