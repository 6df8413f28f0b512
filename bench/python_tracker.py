"""What the Python tracker costs a training; see python-tracker.ts, which runs this."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import logging
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "clients" / "python"
sys.path.insert(0, str(PACKAGE))

from epochgraph import ExperimentTracker  # noqa: E402
from tests.support import Proxy, Server, free_port  # noqa: E402

METRICS = 20
FULL_AFTER = 50_000
MODES = ("up", "away", "status 500", "hangs", "answers drip", "disk full")


def metrics() -> dict:
    return {f"metric_{number}": random.random() for number in range(METRICS)}


def calls(url: str, mode: str, epochs: int) -> None:
    """Logs epochs one after the other, and beside each appends the same content to a file; prints both medians in us."""
    logging_off()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        if mode == "disk full":
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_AFTER, FULL_AFTER))
        tracker = ExperimentTracker(url, spool=folder, timeout=5)
        run = tracker.create_experiment(experiment_name="bench")
        tracked, bare = [], []
        for epoch in range(epochs):
            values = metrics()
            began = time.perf_counter()
            tracker.log_epoch(run, epoch, values, {"duration_seconds": 1.0})
            logged = time.perf_counter()
            # A file of its own each time, where a file's size is limited; opening it is not counted.
            descriptor = os.open(os.path.join(folder, "bare"), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC)
            opened = time.perf_counter()
            os.write(descriptor, (json.dumps({"epoch": epoch, "metrics": values}) + "\n").encode())
            written = time.perf_counter()
            os.close(descriptor)
            tracked.append(logged - began)
            bare.append(written - opened)
        tracker.close(0.1)
    print(json.dumps([statistics.median(tracked) * 1e6, sorted(tracked)[int(epochs * 0.99)] * 1e6, statistics.median(bare) * 1e6]))


def logging_off() -> None:
    logging.getLogger("epochgraph").addHandler(logging.NullHandler())
    logging.getLogger("epochgraph").propagate = False


def measure_calls(server: Server, epochs: int) -> None:
    proxy = Proxy(server.url)
    proxy.pace = 0.05
    for mode in MODES:
        proxy.mode = {"status 500": "500", "hangs": "hang", "answers drip": "drip"}.get(mode, "pass")
        url = f"http://127.0.0.1:{free_port()}/graphql" if mode == "away" else proxy.url
        arguments = [sys.executable, __file__, "--calls", server.url if mode == "up" else url, mode, str(epochs)]
        done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True)
        tracked, late, bare = json.loads(done.stdout)
        print(f"log_epoch, server {mode}: median {tracked:.0f} us, p99 {late:.0f} us; bare append of the same: {bare:.0f} us; "
              f"ratio of the medians {tracked / bare:.2f}", flush=True)
    proxy.close()


def measure_delivery(server: Server, epochs: int) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        logging_off()
        tracker = ExperimentTracker(f"http://127.0.0.1:{free_port()}/graphql", spool=folder)
        run = tracker.create_experiment(experiment_name="bench")
        given = [metrics() for _ in range(epochs)]
        began = time.perf_counter()
        for epoch, values in enumerate(given):
            tracker.log_epoch(run, epoch, values)
        spooled = time.perf_counter() - began
        tracker.close(0)
        bare = send_bare(server, given)
        began = time.perf_counter()
        arguments = [sys.executable, "-m", "epochgraph", "sync", folder, "--url", server.url]
        subprocess.run(arguments, cwd=PACKAGE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        synced = time.perf_counter() - began
        print(f"{epochs} epochs of {METRICS} metrics: spooled in {spooled:.2f} s; delivered by `sync` in {synced:.2f} s, its start "
              f"included; by a bare loop over logEpochs in {bare:.2f} s; ratio {synced / bare:.2f}", flush=True)


def send_bare(server: Server, given: list) -> float:
    """Sends epochs with the least that it takes, 1,000 a request; returns the seconds."""
    create = "mutation { createExperiment(input: {name: \"bare\"}) { experiment { id } } }"
    identity = server.data(create)["createExperiment"]["experiment"]["id"]
    document = "mutation($input: LogEpochsInput!) { logEpochs(input: $input) { created } }"
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    began = time.perf_counter()
    for start in range(0, len(given), 1000):
        epochs = [{"epoch": start + n, "metrics": values} for n, values in enumerate(given[start : start + 1000])]
        body = json.dumps({"query": document, "variables": {"input": {"experimentId": identity, "epochs": epochs}}})
        connection.request("POST", "/graphql", body, {"content-type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        assert answer["data"]["logEpochs"]["created"] == len(epochs), answer
    return time.perf_counter() - began


def main() -> None:
    if sys.argv[1:2] == ["--calls"]:
        return calls(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    server = Server()
    try:
        print(f"Python {sys.version.split()[0]}")
        measure_calls(server, max(epochs // 5, 1))
        for _ in range(3):
            measure_delivery(server, epochs)
    finally:
        server.close()


main()
