"""The command `epochgraph`, also `python -m epochgraph`."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from typing import Any, Dict, List, Optional, Sequence

from .delivery import Counts
from .errors import EpochgraphError, Unreachable
from .object_ids import as_object_id
from .spool import Leftover, LeftoverDelivery, leftovers, queue_again, status
from .spool_files import default_folder
from .tail import tail
from .tracker import DEFAULT_URL
from .transport import Address, Connection
from .version import VERSION

_LIST = """query($first: Int) { experiments(first: $first) { nodes {
  id name status liveness startTime epochCount metrics { bestValLoss } } } }"""
_PROGRESS_EVERY = 1.0
_REASONS_SHOWN = 5


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs the command line; returns the exit code: 0 done, 1 something is left or failed, 2 misused, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
        return code
    except (EpochgraphError, ValueError) as error:
        print(f"epochgraph: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of the output, such as `head`, has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="epochgraph", description="What trainers logged, on its way to the server.")
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sync = commands.add_parser("sync", help="deliver what ended trainers left in a spool folder")
    sync.add_argument("--refused", action="store_true", help="also what the server refused before")
    sync.add_argument(
        "--patience", type=float, default=60.0, metavar="SECONDS", help="give up after so long without an answer (60)"
    )
    state = commands.add_parser("status", help="what waits in a spool folder, and what was refused and why")
    for command in (sync, state):
        command.add_argument("folder", nargs="?", metavar="DIR", help=f"the spool (default: {default_folder()})")
    follow = commands.add_parser("tail", help="print a run's epochs as they are logged")
    follow.add_argument("experiment", metavar="EXPERIMENT", help="the run's id")
    listing = commands.add_parser("ls", help="list the newest runs")
    listing.add_argument("-n", type=int, default=20, help="how many, 1 to 100 (20)")
    for command in (sync, follow, listing):
        command.add_argument("--url", help="the server (default: EPOCHGRAPH_URL; for sync, the one that each record is for)")
        command.add_argument("--token", help="better given as EPOCHGRAPH_TOKEN, which other users can't see")
    sync.set_defaults(command=_sync)
    state.set_defaults(command=_status)
    follow.set_defaults(command=_tail)
    listing.set_defaults(command=_ls)
    return parser


def _token(options: argparse.Namespace) -> Optional[str]:
    return options.token or os.environ.get("EPOCHGRAPH_TOKEN") or None


def _address(options: argparse.Namespace) -> Address:
    return Address(options.url or os.environ.get("EPOCHGRAPH_URL") or DEFAULT_URL)


def _folder(options: argparse.Namespace) -> str:
    folder = os.path.abspath(options.folder or default_folder())
    if not os.path.isdir(folder):
        raise ValueError(f"there is no folder {folder}")
    return folder


def _tail(options: argparse.Namespace) -> int:
    return tail(_address(options), _token(options), as_object_id(options.experiment))


def _ls(options: argparse.Namespace) -> int:
    connection = Connection(_address(options), _token(options))
    nodes = connection.execute(_LIST, f'{{"first":{options.n}}}')["experiments"]["nodes"]
    connection.close()
    print(f"{'ID':24}  {'STARTED':16}  {'STATUS':9}  {'EPOCHS':>6}  {'BEST VAL_LOSS':>13}  NAME")
    for node in nodes:
        best = node["metrics"]["bestValLoss"]
        shown = "-" if best is None else f"{best:.6g}" if isinstance(best, (int, float)) else best
        word = "stalled" if node["liveness"] == "STALLED" else node["status"].lower()
        started = node["startTime"][:16].replace("T", " ")
        print(f"{node['id']}  {started}  {word:9}  {node['epochCount']:>6}  {shown:>13}  {node['name']}")
    return 0


class _Progress:
    """Counts of all journals, told on stderr at most once a second."""

    def __init__(self, total: int) -> None:
        self.counts = Counts()
        self._total = total
        self._said = time.monotonic()

    def note(self, counts: Counts) -> None:
        self.counts.add(counts)
        now = time.monotonic()
        if now - self._said >= _PROGRESS_EVERY:
            self._said = now
            print(f"{self.counts.dealt_with} of {self._total} records", file=sys.stderr, flush=True)


def _sync(options: argparse.Namespace) -> int:
    folder = _folder(options)
    again = queue_again(folder) if options.refused else 0
    if again:
        print(f"{again} refused records are in line again", file=sys.stderr)
    journals = status(folder)
    for files, waiting, alive in journals:
        if alive:
            print(f"{files.name} is in use by its own process, which delivers it ({waiting} records wait)", file=sys.stderr)
    progress = _Progress(sum(waiting for _, waiting, alive in journals if not alive))
    code = 0
    for leftover in leftovers(folder):
        try:
            _deliver(leftover, options, progress)
        except EpochgraphError as error:
            print(f"epochgraph: {leftover.files.name}: {error}", file=sys.stderr)
            leftover.lock.release()
            code = 1
    print(progress.counts)
    if progress.counts.refused:
        print(f"what was refused, and why: epochgraph status {folder}", file=sys.stderr)
        code = 1
    return code


def _deliver(leftover: Leftover, options: argparse.Namespace, progress: _Progress) -> None:
    """Delivers one journal through outages of less than --patience seconds; raises Unreachable after a longer one."""
    url = options.url or leftover.files.header().get("url") or os.environ.get("EPOCHGRAPH_URL") or DEFAULT_URL
    connection = Connection(Address(url), _token(options))
    last = time.monotonic()

    def note(counts: Counts) -> None:
        nonlocal last
        last = time.monotonic()
        progress.note(counts)

    delivery = LeftoverDelivery(leftover, connection, note)
    pause = 0.25
    while True:
        try:
            delivery.run()
            connection.close()
            return
        except Unreachable as error:
            pause = max(min(pause * 2, 10.0) * random.uniform(0.5, 1.0), error.retry_after or 0.0)
            if time.monotonic() + pause - last > options.patience:
                connection.close()
                raise
            time.sleep(pause)


def _status(options: argparse.Namespace) -> int:
    folder = _folder(options)
    waiting_in_all = refused_in_all = 0
    for files, waiting, alive in status(folder):
        entries = files.refused()
        header = files.header()
        owner = f"process {header['pid']} on {header['host']}" if "pid" in header and "host" in header else "its process"
        state = f"{owner} is running" if alive else f"{owner} has ended" if header else "delivered"
        print(f"{files.name}: {waiting} records wait, {_whole(entries)} refused ({state}; for {header.get('url', '-')})")
        for line in _reasons(entries):
            print(f"  {line}")
        if entries:
            print(f"  all of them: {files.refused_path}")
        waiting_in_all += waiting
        refused_in_all += _whole(entries)
    print(f"{waiting_in_all} records wait and {refused_in_all} were refused in {folder}")
    return 1 if waiting_in_all or refused_in_all else 0


def _whole(entries: List[Dict[str, Any]]) -> int:
    return sum(1 for entry in entries if "left_out" not in entry)


def _reasons(entries: List[Dict[str, Any]]) -> List[str]:
    """The most frequent reasons of dead letters, each with how often it came."""
    counts: Dict[str, int] = {}
    for entry in entries:
        what = f"{entry['left_out']} left out: " if "left_out" in entry else ""
        line = f"{what}{entry.get('reason')} ({entry.get('code')})"
        counts[line] = counts.get(line, 0) + 1
    frequent = sorted(counts.items(), key=lambda item: -item[1])
    lines = [f"{count} x {line}" for line, count in frequent[:_REASONS_SHOWN]]
    return lines + ([f"and {len(frequent) - _REASONS_SHOWN} other reasons"] if len(frequent) > _REASONS_SHOWN else [])
