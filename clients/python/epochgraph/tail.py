"""`epochgraph tail`: a run's epochs as they are logged."""

from __future__ import annotations

import json
import queue
import sys
import threading
from typing import Any, Dict, Optional, Tuple

from .errors import Refused, ServerFault, Unreachable
from .live import Subscription, follow
from .transport import Address, Connection

_ONE = "query($id: ID!) { experiment(id: $id) { name status epochCount metrics { values } } }"
_EPOCHS = """subscription($id: ID!, $afterEpoch: Int, $after: String) {
  epochLogged(experimentId: $id, afterEpoch: $afterEpoch, after: $after) {
    cursor epoch { epoch metrics { values } } } }"""

# After so many seconds without an epoch, the run is asked for: whether it has ended, or is gone.
_SILENCE = 1.0
# How often an ended run is asked for while some of its epochs have not come.
_LAST_CALLS = 10


def tail(address: Address, token: Optional[str], experiment_id: str) -> int:
    """Prints the stored epochs of a run, and each new one until the run ends; returns the exit code.

    Raises Refused for a run that does not exist, and Unreachable where no server answers at the start.
    """
    connection = Connection(address, token)
    experiment = _ask(connection, experiment_id)
    if experiment is None:
        raise Refused(f"Experiment {experiment_id} does not exist.", "NOT_FOUND")
    print(f"{experiment['name']}: {experiment['status'].lower()}", flush=True)
    news: "queue.Queue[Tuple[str, Any]]" = queue.Queue()
    threading.Thread(target=_follow, args=(address, token, experiment_id, news), daemon=True).start()
    printed: Dict[int, Any] = {}
    calls = 0
    while True:
        try:
            kind, event = news.get(timeout=_SILENCE)
        except queue.Empty:
            try:
                experiment = _ask(connection, experiment_id)
            except (Unreachable, ServerFault):
                continue
            if experiment is None:
                print("deleted", flush=True)
                return 1
            ended = experiment["status"] != "RUNNING"
            calls = calls + 1 if ended else 0
            if ended and (experiment["epochCount"] <= len(printed) or calls >= _LAST_CALLS):
                print(f"{experiment['status'].lower()}: {_line(experiment['metrics']['values'])}", flush=True)
                return 0
            continue
        if kind == "error":
            raise event
        number, values = event["epoch"]["epoch"], event["epoch"]["metrics"]["values"]
        # A continued subscription may repeat what came before.
        if printed.get(number) != values:
            printed[number] = values
            print(f"epoch {number:>5}  {_line(values)}", flush=True)


def _ask(connection: Connection, experiment_id: str) -> Optional[Dict[str, Any]]:
    experiment: Optional[Dict[str, Any]] = connection.execute(_ONE, json.dumps({"id": experiment_id}))["experiment"]
    return experiment


def _follow(address: Address, token: Optional[str], experiment_id: str, news: "queue.Queue[Tuple[str, Any]]") -> None:
    subscription = Subscription(_EPOCHS, "epochLogged", {"id": experiment_id, "afterEpoch": -1})

    def lost(reason: str) -> None:
        print(f"epochgraph: {reason}; trying again", file=sys.stderr, flush=True)

    try:
        for event in follow(address, token, subscription, on_lost=lost):
            news.put(("epoch", event))
    except Refused as error:
        # That a run is gone, the printing thread finds out by itself.
        if error.code != "NOT_FOUND":
            news.put(("error", error))
    except Exception as error:  # noqa: BLE001 - the printing thread tells of it
        news.put(("error", error))


def _line(values: Dict[str, Any]) -> str:
    return "  ".join(
        f"{name} {value:.6g}" if isinstance(value, (int, float)) else f"{name} {value}" for name, value in values.items()
    )
