"""Turns what a training script has at hand into what the API takes.

Nothing here raises for a value. What can't be sent is left out of the record and listed, with its key and the reason.
"""

from __future__ import annotations

import enum
import math
from datetime import date, datetime, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

Json = Any
MetricJson = Union[int, float, str]

_MAX_DEPTH = 48
_MAX_ITEMS = 10_000
_SAFE_INTEGER = 2**53 - 1
_RESERVED = ("_bsontype", "__proto__")
_INSTANT_EXPECTED = "no instant; it takes a datetime, a date, seconds since 1970 or ISO 8601 text"


class LeftOut:
    """What could not be sent of one record: (key, reason, the value in short) for each part."""

    def __init__(self) -> None:
        self.parts: List[Tuple[str, str, str]] = []

    def add(self, key: str, reason: str, value: object) -> None:
        """Notes a part that is left out."""
        self.parts.append((key, reason, shown(value)))


def shown(value: object) -> str:
    """The value as a person would recognise it, in at most 200 characters; never raises."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a foreign __repr__ may do anything
        text = f"<{type(value).__name__}, whose repr fails: {type(error).__name__}>"
    return text if len(text) <= 200 else text[:197] + "..."


def well_formed(text: str) -> str:
    """Text without lone surrogates, which UTF-8 does not have: they are written out as \\udcXX."""
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def named(value: float) -> Union[float, str]:
    """A double as JSON can carry it: NaN and the infinities by name."""
    if math.isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def metrics_of(metrics: object, left_out: LeftOut, prefix: str = "") -> Dict[str, MetricJson]:
    """Metrics by name. Takes any mapping; nested ones are joined by dots; None stands for a value that is missing."""
    result: Dict[str, MetricJson] = {}
    if not isinstance(metrics, Mapping):
        if metrics is not None:
            left_out.add(prefix or "metrics", "is no mapping from name to number", metrics)
        return result
    for key, value in metrics.items():
        kind = type(value)
        if kind is float and type(key) is str and key.isascii() and key and "\0" not in key:
            # The usual case, first: this runs in the training's own thread.
            result[prefix + key] = value if value - value == 0.0 else named(value)
        else:
            _add_metric(result, prefix, key, value, left_out)
    return result


def _add_metric(result: Dict[str, MetricJson], prefix: str, key: object, value: Any, left_out: LeftOut) -> None:
    name = prefix + str(key)
    if value is None:
        return
    fault = fault_of_name(name)
    if fault:
        left_out.add(f"metrics[{shown(name)}]", fault, value)
    elif isinstance(value, Mapping):
        if prefix.count(".") >= _MAX_DEPTH:
            left_out.add(f"metrics.{name}", f"is nested deeper than {_MAX_DEPTH}", value)
        else:
            result.update(metrics_of(value, left_out, f"{name}."))
    else:
        number = number_of(value)
        if number is None:
            left_out.add(f"metrics.{name}", "is no single number", value)
        else:
            result[name] = named(number) if isinstance(number, float) else number


def number_of(value: Any) -> Optional[Union[int, float]]:
    """The number that a scalar stands for, from NumPy, PyTorch, TensorFlow, JAX, Decimal and the like; None for none."""
    try:
        if isinstance(value, (str, bytes, bytearray, complex, datetime, date)):
            return None
        if isinstance(value, bool):
            return int(value)
        if not isinstance(value, (int, float)):
            item = getattr(value, "item", None)
            value = item() if callable(item) else float(value)
            if isinstance(value, bool):
                return int(value)
        if isinstance(value, int):
            return int(value) if abs(value) <= _SAFE_INTEGER else float(value)
        return None if isinstance(value, (str, bytes, complex)) else float(value)
    except Exception:  # noqa: BLE001 - foreign objects' conversions raise anything
        return None


def quantity_of(value: Any, key: str, left_out: LeftOut) -> Optional[float]:
    """A finite number of 0 or more (seconds, megabytes, counts); None for None and for what is listed as left out."""
    if value is None:
        return None
    number = number_of(value)
    if number is None or not math.isfinite(number) or number < 0:
        left_out.add(key, "takes a finite number of 0 or more", value)
        return None
    return number


def integer_of(value: Any) -> Optional[int]:
    """The integer that a value stands for, such as 3, numpy.int64(3) or 3.0; None for anything else."""
    number = number_of(value)
    if number is None or (isinstance(number, float) and not number.is_integer()):
        return None
    return int(number)


def instant_of(value: Any, key: str, left_out: LeftOut) -> Optional[str]:
    """An instant as RFC 3339 text. A datetime without a zone is taken for UTC, as PyMongo does."""
    if value is None:
        return None
    try:
        if not isinstance(value, (datetime, date, str)):
            item = getattr(value, "item", None)
            value = item() if callable(item) else value
        if isinstance(value, str):
            value = datetime.fromisoformat(value[:-1] + "+00:00" if value[-1:] in ("Z", "z") else value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            value = datetime.fromtimestamp(value, timezone.utc)
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        return utc_text(value)
    except Exception:  # noqa: BLE001 - out of range, or no instant at all
        left_out.add(key, f"is {_INSTANT_EXPECTED}", value)
        return None


def utc_text(value: datetime) -> str:
    """A datetime as RFC 3339 text in UTC with milliseconds; one without a zone is taken for UTC."""
    aware = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def now_text() -> str:
    """The present instant as RFC 3339 text."""
    return utc_text(datetime.now(timezone.utc))


def text_of(value: Any) -> str:
    """Any value as text."""
    return well_formed(value if isinstance(value, str) else str(value))


def fault_of_name(name: str) -> Optional[str]:
    """Why the API can't store a metric or key of this name; None where it can."""
    if not name:
        return "a name must not be empty"
    if "\0" in name:
        return "a name must not hold a NUL character"
    if not name.isascii() and well_formed(name) != name:
        return "a name must be well-formed Unicode"
    return None


def object_of(value: Any, key: str, left_out: LeftOut) -> Optional[Dict[str, Json]]:
    """A mapping, a dataclass or an argparse.Namespace as a JSON object; None for None and what is no object."""
    if value is None:
        return None
    result = json_of(value, key, left_out)
    if isinstance(result, dict):
        return result
    if result is not _OMITTED:
        left_out.add(key, "is no mapping", value)
    return None


class _Omitted:
    """Marks a value that is left out."""


_OMITTED = _Omitted()


def json_of(value: Any, key: str, left_out: LeftOut, depth: int = 0) -> Json:
    """Any value as JSON for an open object (config, model, dataset), or a marker where it is left out.

    NaN and the infinities become text, as do integers past 2^53: JSON, or a double, has no room for them.
    """
    try:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, enum.Enum):
            value = value.value
        if isinstance(value, str):
            return well_formed(str(value))
        if isinstance(value, int):
            return int(value) if abs(value) <= _SAFE_INTEGER else str(int(value))
        if isinstance(value, float):
            return named(float(value))
        if depth >= _MAX_DEPTH:
            left_out.add(key, f"is nested deeper than {_MAX_DEPTH}", value)
            return _OMITTED
        return _converted(value, key, left_out, depth)
    except Exception as error:  # noqa: BLE001 - foreign objects raise anything
        left_out.add(key, f"can't be read ({type(error).__name__}: {error})", value)
        return _OMITTED


def _converted(value: Any, key: str, left_out: LeftOut, depth: int) -> Json:
    if isinstance(value, Mapping):
        return _object(value.items(), key, left_out, depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
        return _list(items, key, left_out, depth)
    if isinstance(value, (Decimal, Fraction)):
        return named(float(value))
    if isinstance(value, (datetime, date)):
        return instant_of(value, key, left_out)
    if isinstance(value, PurePath):
        return well_formed(str(value))
    fields = getattr(value, "__dataclass_fields__", None)
    if isinstance(fields, dict) and not isinstance(value, type):
        return _object([(name, getattr(value, name)) for name in fields], key, left_out, depth)
    if type(value).__name__ == "Namespace":
        return _object(vars(value).items(), key, left_out, depth)
    return _array_or_scalar(value, key, left_out, depth)


def _array_or_scalar(value: Any, key: str, left_out: LeftOut, depth: int) -> Json:
    """Arrays, tensors and their scalars, told by the methods that NumPy, PyTorch, TensorFlow and JAX share."""
    if isinstance(value, type):
        left_out.add(key, "is a class, not a value", value)
        return _OMITTED
    size = getattr(value, "numel", None)
    count = size() if callable(size) else getattr(value, "size", None)
    if isinstance(count, int) and count > _MAX_ITEMS:
        left_out.add(key, f"is an array of more than {_MAX_ITEMS} numbers", value)
        return _OMITTED
    for method in ("tolist", "item", "numpy"):
        convert = getattr(value, method, None)
        if callable(convert):
            return json_of(convert(), key, left_out, depth + 1)
    # torch.device, torch.dtype, numpy.dtype: their text is what a person would write.
    kind = type(value)
    if kind.__module__.split(".")[0] in ("torch", "numpy") and kind.__name__.lower().endswith(("device", "dtype")):
        return well_formed(str(value))
    left_out.add(key, f"is of a type that can't be sent: {type(value).__name__}", value)
    return _OMITTED


def _object(items: Iterable[Tuple[Any, Any]], key: str, left_out: LeftOut, depth: int) -> Dict[str, Json]:
    result: Dict[str, Json] = {}
    for name, item in items:
        text = str(name)
        fault = "this key is reserved" if text in _RESERVED else fault_of_name(text)
        if fault:
            left_out.add(f"{key}[{shown(text)}]", fault, item)
            continue
        converted = json_of(item, f"{key}.{text}", left_out, depth + 1)
        if converted is not _OMITTED:
            result[text] = converted
    return result


def _list(items: Any, key: str, left_out: LeftOut, depth: int) -> List[Json]:
    result = []
    for index, item in enumerate(items):
        converted = json_of(item, f"{key}[{index}]", left_out, depth + 1)
        if converted is not _OMITTED:
            result.append(converted)
    return result
