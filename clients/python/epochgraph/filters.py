"""Searches in the way of PyMongo, as the API's typed filters and orders. What has no counterpart is a QueryError."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .errors import QueryError
from .records import status_of
from .values import LeftOut, instant_of, json_of, number_of

Filter = Dict[str, Any]
Sort = Union[None, str, Mapping[str, int], Sequence[Union[str, Tuple[str, Any]]]]

_COMPARISONS = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
_STRINGS = {
    "experiment_name": "name",
    "model.name": "modelName",
    "created_by": "createdBy",
    "hostname": "hostname",
}
_LISTS = {"tags": "tags", "dataset.releases": "releases"}
_INSTANTS = {"start_time": "startTime", "end_time": "endTime"}
_ORDERS = {
    "start_time": "START_TIME",
    "end_time": "END_TIME",
    "last_seen_at": "LAST_SEEN_AT",
    "experiment_name": "NAME",
    "status": "STATUS",
    "challenge": "CHALLENGE",
    "model.name": "MODEL_NAME",
}
_LITERAL = re.compile(r"(\^?)((?:[^\\^$.|?*+()\[\]{}]|\\[^\w\s])*)")


def experiment_filter(query: Optional[Mapping[str, Any]]) -> Optional[Filter]:
    """The ExperimentFilter that a Mongo-style query stands for; None for one that matches everything.

    Takes the fields status, challenge, experiment_name, model.name, tags, dataset.releases, created_by, hostname,
    start_time, end_time, parent_experiment_id, _id, config.NAME and metrics.NAME, the operators $eq $ne $gt $gte $lt $lte
    $in $nin $exists $not $regex (without wildcards) and $all, and $and, $or and $nor.
    """
    if not query:
        return None
    if not isinstance(query, Mapping):
        raise QueryError(f"a query is a mapping from field to condition, not {type(query).__name__}")
    return _all([_condition(str(field), wanted) for field, wanted in query.items()])


def experiment_orders(sort: Sort) -> Optional[List[Dict[str, Any]]]:
    """The orderBy that a PyMongo sort stands for: a field, a mapping, or (field, 1 or -1) pairs; None for None."""
    if not sort:
        return None
    if isinstance(sort, str):
        pairs: List[Tuple[str, Any]] = [(sort, 1)]
    elif isinstance(sort, Mapping):
        pairs = list(sort.items())
    else:
        pairs = [(item, 1) if isinstance(item, str) else (item[0], item[1]) for item in sort]
    return [_order(field, direction) for field, direction in pairs]


def _order(field: str, direction: Any) -> Dict[str, Any]:
    if direction not in (1, -1):
        raise QueryError(f"sort direction of {field!r} is {direction!r}; it takes 1 (ascending) or -1 (descending)")
    towards = "ASC" if direction == 1 else "DESC"
    if field in _ORDERS:
        return {"field": _ORDERS[field], "direction": towards}
    if field.startswith("metrics."):
        return {"metric": field[len("metrics.") :], "direction": towards}
    if field.startswith("config."):
        return {"configPath": field[len("config.") :], "direction": towards}
    known = ", ".join([*_ORDERS, "metrics.NAME", "config.NAME"])
    raise QueryError(f"can't sort by {field!r}; what can be sorted by is {known}")


def _all(filters: List[Filter]) -> Filter:
    return filters[0] if len(filters) == 1 else {"and": filters}


def _condition(field: str, wanted: Any) -> Filter:
    if field in ("$and", "$or", "$nor"):
        if not isinstance(wanted, (list, tuple)):
            raise QueryError(f"{field} takes a list of queries")
        parts = [experiment_filter(part) or {"and": []} for part in wanted]
        return {"not": {"or": parts}} if field == "$nor" else {field[1:]: parts}
    if field.startswith("$"):
        raise QueryError(f"{field} has no counterpart; combine conditions with $and, $or and $nor")
    if isinstance(wanted, re.Pattern):
        wanted = {"$regex": wanted.pattern, "$options": "i" if wanted.flags & re.IGNORECASE else ""}
    if isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted):
        operators = dict(wanted)
        negated = operators.pop("$not", None)
        parts = [{"not": _condition(field, negated)}] if negated is not None else []
        if operators:
            parts.append(_operators(field, operators))
        return _all(parts)
    return _operators(field, {"$eq": wanted})


def _operators(field: str, operators: Dict[str, Any]) -> Filter:
    if field in ("_id", "id"):
        return _ids(field, operators)
    if field == "status":
        return _statuses(operators)
    if field == "challenge":
        return {"challenge": _simple(field, operators, _integer)}
    if field in _STRINGS:
        return {_STRINGS[field]: _string(field, operators)}
    if field in _LISTS:
        return _list(field, operators)
    if field in _INSTANTS:
        return {_INSTANTS[field]: _instants(field, operators)}
    if field == "parent_experiment_id":
        _only(field, operators, ("$eq",))
        return {"parentId": str(operators["$eq"])}
    if field.startswith("config."):
        return {"config": [{"path": field[len("config.") :], **_config(field, operators)}]}
    if field.startswith("metrics."):
        return _metric(field, operators)
    known = ", ".join(
        ["_id", "status", "challenge", *_STRINGS, *_LISTS, *_INSTANTS, "parent_experiment_id", "config.NAME", "metrics.NAME"]
    )
    raise QueryError(f"can't search by {field!r}; what can be searched by is {known}")


def _only(field: str, operators: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for operator in operators:
        if operator not in allowed:
            raise QueryError(f"{operator} has no counterpart for {field}; it takes {', '.join(allowed)}")


def _ids(field: str, operators: Dict[str, Any]) -> Filter:
    _only(field, operators, ("$eq", "$in"))
    ids = [operators["$eq"]] if "$eq" in operators else list(operators["$in"])
    return {"ids": [str(item) for item in ids]}


def _statuses(operators: Dict[str, Any]) -> Filter:
    _only("status", operators, ("$eq", "$ne", "$in", "$nin"))
    filters: List[Filter] = []
    for operator, wanted in operators.items():
        try:
            words = [status_of(item).upper() for item in (wanted if operator in ("$in", "$nin") else [wanted])]
        except ValueError as error:
            raise QueryError(str(error)) from None
        filters.append({"status": words} if operator in ("$eq", "$in") else {"not": {"status": words}})
    return _all(filters)


def _integer(field: str, value: Any) -> int:
    number = number_of(value)
    if number is None or int(number) != number:
        raise QueryError(f"{field} takes integers, not {value!r}")
    return int(number)


def _float(field: str, value: Any) -> float:
    number = number_of(value)
    if number is None or number - number != 0:
        raise QueryError(f"{field} takes finite numbers, not {value!r}")
    return number


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise QueryError(f"{field} takes text, not {value!r}")
    return value


def _simple(field: str, operators: Dict[str, Any], convert: Callable[[str, Any], Any]) -> Filter:
    result: Filter = {}
    _only(field, operators, ("$eq", "$ne", "$in", *_COMPARISONS))
    for operator, wanted in operators.items():
        if operator == "$in":
            result["in"] = [convert(field, item) for item in wanted]
        else:
            result[_COMPARISONS.get(operator, operator[1:])] = convert(field, wanted)
    return result


def _string(field: str, operators: Dict[str, Any]) -> Filter:
    result: Filter = {}
    _only(field, operators, ("$eq", "$ne", "$in", "$regex", "$options"))
    if operators.get("$options"):
        raise QueryError(f"{field} is compared with upper and lower case told apart; leave $options out")
    for operator, wanted in operators.items():
        if operator == "$in":
            result["in"] = [_text(field, item) for item in wanted]
        elif operator == "$regex":
            pattern = wanted.pattern if isinstance(wanted, re.Pattern) else _text(field, wanted)
            literal = _LITERAL.fullmatch(pattern)
            if not literal:
                raise QueryError(f"$regex {pattern!r} has wildcards; the server takes literal text, ^ at its start included")
            result["startsWith" if literal[1] else "contains"] = re.sub(r"\\(.)", r"\1", literal[2])
        elif operator != "$options":
            result[operator[1:]] = _text(field, wanted)
    return result


def _list(field: str, operators: Dict[str, Any]) -> Filter:
    result: Filter = {}
    _only(field, operators, ("$eq", "$in", "$all", "$nin", "$ne"))
    for operator, wanted in operators.items():
        items = [_text(field, item) for item in ([wanted] if isinstance(wanted, str) else wanted)]
        name = {"$in": "any", "$all": "all", "$eq": "all", "$nin": "none", "$ne": "none"}[operator]
        result[name] = result.get(name, []) + items
    return {_LISTS[field]: result}


def _instants(field: str, operators: Dict[str, Any]) -> Filter:
    result: Filter = {}
    _only(field, operators, tuple(_COMPARISONS))
    for operator, wanted in operators.items():
        left_out = LeftOut()
        instant = instant_of(wanted, field, left_out) if isinstance(wanted, (datetime, date, str, int, float)) else None
        if instant is None:
            raise QueryError(f"{field} {operator} {wanted!r}: it takes a datetime")
        result[_COMPARISONS[operator]] = instant
    return result


def _config(field: str, operators: Dict[str, Any]) -> Filter:
    result: Filter = {}
    _only(field, operators, ("$eq", "$ne", "$in", "$exists", *_COMPARISONS))
    for operator, wanted in operators.items():
        if operator in _COMPARISONS:
            result[_COMPARISONS[operator]] = _float(field, wanted)
        elif operator == "$exists":
            result["exists"] = bool(wanted)
        else:
            left_out = LeftOut()
            result[operator[1:]] = json_of(list(wanted) if operator == "$in" else wanted, field, left_out)
            if left_out.parts:
                raise QueryError(f"{field} {operator}: {left_out.parts[0][2]} {left_out.parts[0][1]}")
    return result


def _metric(field: str, operators: Dict[str, Any]) -> Filter:
    _only(field, operators, ("$eq", "$ne", "$exists", *_COMPARISONS))
    name = field[len("metrics.") :]
    result: Filter = {"name": name}
    for operator, wanted in operators.items():
        if operator == "$exists":
            result["exists"] = bool(wanted)
        elif operator in ("$eq", "$ne") and wanted is None:
            # In MongoDB, null stands for missing as well.
            result["exists"] = operator == "$ne"
        elif operator != "$ne":
            result[_COMPARISONS.get(operator, "eq")] = _float(field, wanted)
    filters: List[Filter] = [{"metrics": [result]}] if len(result) > 1 else []
    if operators.get("$ne") is not None:
        filters.append({"not": {"metrics": [{"name": name, "eq": _float(field, operators["$ne"])}]}})
    return _all(filters)
