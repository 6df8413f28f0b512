"""`epochgraph tail`: a run's epochs as they are logged."""

from __future__ import annotations

import queue
import sys
import threading
from typing import Any, Dict, Iterator, Optional, Tuple

from .errors import Refused
from .live import Subscription, follow
from .transport import Address, Connection

_ONE = "query($id: ID!) { experiment(id: $id) { name status epochCount } }"
_EPOCHS = """subscription($id: ID!, $afterEpoch: Int, $after: String) {
  epochLogged(experimentId: $id, afterEpoch: $afterEpoch, after: $after) {
    cursor epoch { epoch metrics { values } } } }"""
_CHANGES = """subscription($id: ID!, $after: String) {
  experimentChanged(id: $id, after: $after) { cursor kind experiment { status metrics { values } } } }"""

# After the end of a run, how long to wait for epochs that are still on their way.
_LAST_WORDS = 1.0


def tail(address: Address, token: Optional[str], experiment_id: str) -> int:
    """Prints the stored epochs of a run, and each new one until the run ends; returns the exit code."""
    with_status = Connection(address, token)
    experiment = with_status.execute(_ONE, f'{{"id":"{experiment_id}"}}')["experiment"]
    with_status.close()
    if experiment is None:
        raise Refused(f"Experiment {experiment_id} does not exist.", "NOT_FOUND")
    print(f"{experiment['name']}: {experiment['status'].lower()}", flush=True)
    news: "queue.Queue[Tuple[str, Any]]" = queue.Queue()
    epochs = Subscription(_EPOCHS, "epochLogged", {"id": experiment_id, "afterEpoch": -1})
    changes = Subscription(_CHANGES, "experimentChanged", {"id": experiment_id})
    for kind, subscription in (("epoch", epochs), ("change", changes)):
        arguments = (address, token, kind, subscription, news)
        threading.Thread(target=_follow, args=arguments, daemon=True).start()
    return _print(news, ended=experiment["status"] != "RUNNING")


def _follow(
    address: Address, token: Optional[str], kind: str, subscription: Subscription, news: "queue.Queue[Tuple[str, Any]]"
) -> None:
    def lost(reason: str) -> None:
        print(f"epochgraph: {reason}; trying again", file=sys.stderr, flush=True)

    def resync() -> None:
        news.put(("resync", kind))

    try:
        for event in follow(address, token, subscription, resync, lost if kind == "epoch" else lambda reason: None):
            news.put((kind, event))
    except Exception as error:  # noqa: BLE001 - the printing thread tells of it
        news.put(("error", error))


def _print(news: "queue.Queue[Tuple[str, Any]]", ended: bool) -> int:
    printed: Dict[int, Any] = {}
    for kind, event in _until_silence(news, ended):
        if kind == "error":
            raise event
        if kind == "epoch":
            number, values = event["epoch"]["epoch"], event["epoch"]["metrics"]["values"]
            # Continued subscriptions may repeat what came before.
            if printed.get(number) != values:
                printed[number] = values
                print(f"epoch {number:>5}  {_line(values)}", flush=True)
        elif kind == "change" and event["kind"] == "DELETED":
            print("deleted", flush=True)
            return 1
    return 0


def _until_silence(news: "queue.Queue[Tuple[str, Any]]", ended: bool) -> Iterator[Tuple[str, Any]]:
    """The news until the run has ended and nothing more comes; the end itself is printed last."""
    status, first = "", ended
    while True:
        try:
            # The first answer may take longer than those behind it.
            kind, event = news.get(timeout=(10.0 if first else _LAST_WORDS) if ended else None)
        except queue.Empty:
            if status:
                print(status, flush=True)
            return
        first = False
        if kind == "change" and event["experiment"]:
            word = event["experiment"]["status"]
            ended = word != "RUNNING"
            status = f"{word.lower()}: {_line(event['experiment']['metrics']['values'])}" if ended else ""
        yield kind, event


def _line(values: Dict[str, Any]) -> str:
    return "  ".join(
        f"{name} {value:.6g}" if isinstance(value, (int, float)) else f"{name} {value}" for name, value in values.items()
    )
