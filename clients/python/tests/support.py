"""What the tests stand on: a real server from the build, a proxy in front of it that fails on demand, and questions."""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import epochgraph

PACKAGE = Path(__file__).resolve().parent.parent
REPOSITORY = PACKAGE.parent.parent
NODE = os.environ.get("EPOCHGRAPH_NODE", "node")

_STARTED = re.compile(r"listens on (\S+) ")
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Server:
    """Epochgraph in a process of its own, on a database of its own that outlives `kill`; with a token, it asks for such."""

    def __init__(self, admin_token: Optional[str] = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/graphql"
        self._admin_token = admin_token
        self.folder = tempfile.mkdtemp(prefix="epochgraph-test-")
        self._process: Optional[subprocess.Popen] = None
        self.start()

    def start(self) -> None:
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "MONGODB_URI") if name in os.environ}
        environment.update(PORT=str(self.port), DATA_DIR=os.path.join(self.folder, "data"), LOG_LEVEL="error")
        if self._admin_token:
            environment["ADMIN_TOKEN"] = self._admin_token
        self._process = subprocess.Popen(
            [NODE, str(REPOSITORY / "bin" / "epochgraph.js"), "serve"],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline()
        if not _STARTED.search(line):
            raise RuntimeError(f"the server did not start: {line!r}; is it built (npm run build)?")

    def kill(self) -> None:
        """Ends the server as a power cut would; its database follows it."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            process.stdout.close()

    def close(self) -> None:
        process = self._process
        if process:
            process.terminate()
            process.wait()
            process.stdout.close()
        self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def data(self, query: str, **variables: Any) -> Dict[str, Any]:
        """The data of a GraphQL request; an AssertionError where there are errors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"content-type": "application/json"}
        if self._admin_token:
            headers["authorization"] = f"Bearer {self._admin_token}"
        with _OPENER.open(urllib.request.Request(self.url, body, headers), timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]

    def experiment(self, experiment_id: str) -> Optional[Dict[str, Any]]:
        """A run with all there is of it, in few words; None if it is not there."""
        node = self.data(_WHOLE, id=experiment_id)["experiment"]
        if node is None:
            return None
        node["epochs"] = node["epochs"]["nodes"]
        while len(node["epochs"]) < node["epochCount"]:
            page = self.data(_MORE, id=experiment_id, **{"from": node["epochs"][-1]["epoch"] + 1})
            node["epochs"].extend(page["experiment"]["epochs"]["nodes"])
        node["checkpoints"] = node["checkpoints"]["nodes"]
        return node

    def metrics(self, experiment_id: str) -> Dict[int, Dict[str, Any]]:
        """The metrics of each stored epoch by number; empty if the run is not there."""
        node = self.experiment(experiment_id)
        return {epoch["epoch"]: epoch["metrics"]["values"] for epoch in node["epochs"]} if node else {}

    def ids_named(self, name: str) -> List[str]:
        """The runs of exactly this name, oldest first."""
        nodes = self.data(_BY_NAME, name=name)["experiments"]["nodes"]
        return [node["id"] for node in nodes]


_EPOCH = "nodes { epoch timestamp metrics { values } timing { durationSeconds samplesPerSecond epochStart } memory { cpuRssMb } }"
_WHOLE = f"""query($id: ID!) {{ experiment(id: $id) {{
  id name challenge status liveness startTime endTime lastSeenAt note tags hostname createdBy checkpointDir
  model {{ all }} config {{ all }} dataset {{ all }} metrics {{ values }} parent {{ id }} epochCount
  epochs(first: 1000) {{ {_EPOCH} }}
  checkpoints(first: 1000) {{ nodes {{ epoch isBest metrics {{ values }} file {{ path sizeMb checksum format }}
    modelState {{ optimizer scheduler epoch step }} validation {{ nSamples inferenceTimeMs predictionsFile }} }} }} }} }}"""
_MORE = f"query($id: ID!, $from: Int) {{ experiment(id: $id) {{ epochs(first: 1000, from: $from) {{ {_EPOCH} }} }} }}"
_BY_NAME = """query($name: String) { experiments(first: 100, filter: {name: {eq: $name}},
  orderBy: [{field: START_TIME, direction: ASC}]) { nodes { id } } }"""

_shared: Optional[Server] = None


def shared_server() -> Server:
    """One server for all tests of the process that leave it as it is."""
    global _shared
    if _shared is None:
        _shared = Server()
        atexit.register(_shared.close)
    return _shared


class Proxy:
    """Stands in front of a server and does to requests what `mode` says.

    "pass"; "refuse" (nobody listens, it seems); "500" (any status, in fact); "lose the answer" (the server has it, the
    client does not hear); "hang"; "drip" (a byte of the answer every `pace` seconds); "html"; or a function of the
    request's body that returns one of these. `requests` holds the bodies that came, `headers` to add to the answers.
    """

    def __init__(self, target: str) -> None:
        self.mode: Any = "pass"
        self.pace = 0.05
        self.headers: Dict[str, str] = {}
        self.requests: List[bytes] = []
        self._released = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                proxy.requests.append(body)
                mode = proxy.mode(body) if callable(proxy.mode) else proxy.mode
                self.close_connection = mode != "pass"
                if mode == "refuse":
                    return
                if mode == "hang":
                    proxy._released.wait(60)
                    return
                if mode.isdigit():
                    return self.answer(int(mode), b"upstream is not well", "text/plain")
                if mode == "html":
                    return self.answer(200, b"<html>welcome</html>", "text/html")
                try:
                    request = urllib.request.Request(target, body, {"content-type": "application/json"})
                    if self.headers.get("authorization"):
                        request.add_header("authorization", self.headers["authorization"])
                    with _OPENER.open(request, timeout=60) as response:
                        status, text = response.status, response.read()
                except urllib.error.HTTPError as error:
                    status, text = error.code, error.read()
                except OSError:
                    self.close_connection = True
                    return
                if mode == "lose the answer":
                    return
                self.answer(status, text, "application/json", proxy.pace if mode == "drip" else 0)

            def answer(self, status: int, text: bytes, kind: str, pace: float = 0) -> None:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(text)))
                for name, value in proxy.headers.items():
                    self.send_header(name, value)
                if self.close_connection:
                    self.send_header("connection", "close")
                self.end_headers()
                for start in range(0, len(text), 1 if pace else len(text)):
                    self.wfile.write(text[start : start + 1] if pace else text)
                    time.sleep(pace)

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    pass

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/graphql"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()


class _Keep(logging.Handler):
    """Keeps what is logged, which would only clutter the output."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: List[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


class SpoolTest(unittest.TestCase):
    """A test with the shared server and an empty spool folder."""

    def setUp(self) -> None:
        self.server = shared_server()
        self.spool = tempfile.mkdtemp(prefix="epochgraph-spool-")
        self.addCleanup(shutil.rmtree, self.spool, ignore_errors=True)
        self._stderr = io.StringIO()
        redirected = contextlib.redirect_stderr(self._stderr)
        redirected.__enter__()
        self.addCleanup(redirected.__exit__, None, None, None)
        handler = _Keep()
        self._logged = handler.messages
        logging.getLogger("epochgraph").addHandler(handler)
        self.addCleanup(logging.getLogger("epochgraph").removeHandler, handler)

    def warnings(self) -> str:
        """What the tracker has warned of in this test."""
        return "\n".join(self._logged)

    def said(self) -> str:
        """What went to stderr in this test."""
        return self._stderr.getvalue()

    def tracker(self, url: Optional[str] = None, **options: Any) -> Any:
        """A tracker on the test's spool, closed at the test's end without waiting for anything."""
        tracker = epochgraph.ExperimentTracker(url or self.server.url, spool=self.spool, **options)
        self.addCleanup(tracker.close, 0)
        return tracker

    def proxy(self) -> Proxy:
        proxy = Proxy(self.server.url)
        self.addCleanup(proxy.close)
        return proxy

    def sync(self, *arguments: str) -> subprocess.CompletedProcess:
        """Runs `epochgraph sync` on the test's spool."""
        return command("sync", self.spool, *arguments)

    def assert_spool_is_empty(self) -> None:
        self.assertEqual(os.listdir(self.spool), [])


def command(*arguments: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess:
    """Runs `python -m epochgraph` to its end."""
    return python("-m", "epochgraph", *arguments, timeout=timeout, **environment)


def python(*arguments: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess:
    """Runs this Python with the package on its path."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=python_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=timeout,
    )


def python_environment(**environment: str) -> Dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "SystemRoot") if name in os.environ}
    return {**kept, "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1", **environment}


def until(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    """Waits for a condition and returns its value; an AssertionError where it takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.01)
