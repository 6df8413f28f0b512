"""The command, and subscriptions over Server-Sent Events."""

from __future__ import annotations

import http.client
import io
import itertools
import json
import subprocess
import sys
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, List
from unittest import mock

from epochgraph import Refused, live
from epochgraph.live import Subscription, follow, sse_events
from epochgraph.transport import Address
from epochgraph.version import VERSION
from tests.support import Server, SpoolTest, command, free_port, python_environment, until


class Sync(SpoolTest):
    def test_an_empty_spool_and_none(self) -> None:
        self.assertEqual(command("status", self.spool).stdout, f"0 records wait and 0 were refused in {self.spool}\n")
        self.assertEqual(self.sync().returncode, 0)
        missing = command("sync", f"{self.spool}/nowhere")
        self.assertEqual((missing.returncode, missing.stderr), (1, f"epochgraph: there is no folder {self.spool}/nowhere\n"))
        self.assertEqual(command("status", EPOCHGRAPH_SPOOL=self.spool).returncode, 0)

    def test_status_says_what_waits_and_whose_it_is(self) -> None:
        nobody = f"http://127.0.0.1:{free_port()}/graphql"
        tracker = self.tracker(nobody)
        run = tracker.create_experiment(experiment_name="waiting")
        tracker.log_epoch(run, 0, {"a": 1, "b": object()})
        state = command("status", self.spool)
        self.assertEqual(state.returncode, 1)
        self.assertRegex(state.stdout, rf"2 records wait, 0 refused \(process \d+ on \S+ is running; for {nobody}\)")
        self.assertIn("1 x metrics.b left out: is no single number (UNSENDABLE)", state.stdout)
        tracker.close(0)
        self.assertIn("has ended", command("status", self.spool).stdout)

    def test_sync_gives_up_after_its_patience_and_leaves_everything(self) -> None:
        tracker = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        run = tracker.create_experiment(experiment_name="patience")
        tracker.close(0)
        done = self.sync("--patience", "0.5")
        self.assertEqual((done.returncode, done.stdout.split()[0]), (1, "0"))
        self.assertIn("Connection refused", done.stderr)
        self.assertIn("1 records wait", command("status", self.spool).stdout)
        self.assertEqual(self.sync("--url", self.server.url).returncode, 0)
        self.assertIsNotNone(self.server.experiment(run))

    def test_sync_goes_on_through_an_outage(self) -> None:
        proxy = self.proxy()
        answers = itertools.chain(["refuse", "503", "refuse"], itertools.repeat("pass"))
        tracker = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        run = tracker.create_experiment(experiment_name="outage")
        for epoch in range(1500):
            tracker.log_epoch(run, epoch, {"a": epoch})
        tracker.close(0)
        proxy.mode = lambda body: next(answers)
        self.assertIn("1501 delivered", self.sync("--url", proxy.url).stdout)
        self.assertEqual(len(self.server.metrics(run)), 1500)

    def test_progress_goes_to_stderr(self) -> None:
        proxy = self.proxy()
        tracker = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        run = tracker.create_experiment(experiment_name="progress")
        for epoch in range(2500):
            tracker.log_epoch(run, epoch, {"a": epoch})
        tracker.close(0)

        def slowly(body: bytes) -> str:
            time.sleep(0.6)
            return "pass"

        proxy.mode = slowly
        self.assertRegex(self.sync("--url", proxy.url).stderr, r"(?m)^\d+ of 2501 records$")

    def test_misuse(self) -> None:
        for arguments, code, text in (
            ([], 2, "usage: epochgraph"),
            (["nonsense"], 2, "invalid choice"),
            (["tail", "x"], 1, "no experiment id"),
            (["ls", "--url", "nonsense"], 1, "no address of a server"),
            (["ls", "--url", f"http://127.0.0.1:{free_port()}/"], 1, "can't be reached"),
        ):
            done = command(*arguments)
            self.assertEqual((done.returncode, done.stdout), (code, ""))
            self.assertIn(text, done.stderr)
            self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(command("--version").stdout, f"{VERSION}\n")

    def test_ls(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="listed", challenge=1)
        tracker.log_epoch(run, 0, {"val_loss": 0.123456789})
        tracker.update_experiment_status(run, "failed")
        self.assertTrue(tracker.flush(30))
        lines = command("ls", "-n", "100", "--url", self.server.url).stdout.splitlines()
        self.assertRegex(lines[0], "^ID +STARTED +STATUS +EPOCHS +BEST VAL_LOSS +NAME$")
        [line] = [line for line in lines if line.startswith(run)]
        self.assertRegex(line, r"failed +1 +0\.123457 +listed$")
        self.assertEqual(len(command("ls", "-n", "1", EPOCHGRAPH_URL=self.server.url).stdout.splitlines()), 2)


class Tail(SpoolTest):
    def tail(self, run: str, url: str = "") -> Any:
        process = subprocess.Popen(
            [sys.executable, "-m", "epochgraph", "tail", run, "--url", url or self.server.url],
            env=python_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_stored_epochs_and_then_live_ones_until_the_end(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="tailed")
        for epoch in range(3):
            tracker.log_epoch(run, epoch, {"val_loss": epoch / 2})
        self.assertTrue(tracker.flush(30))
        process = self.tail(run)
        lines = [process.stdout.readline() for _ in range(4)]
        self.assertEqual(lines[0], "tailed: running\n")
        self.assertEqual(lines[3], "epoch     2  val_loss 1\n")
        tracker.log_epoch(run, 3, {"val_loss": float("nan"), "acc": 0.5})
        self.assertEqual(process.stdout.readline(), "epoch     3  val_loss NaN  acc 0.5\n")
        tracker.log_epoch(run, 2, {"val_loss": 0.25})
        self.assertEqual(process.stdout.readline(), "epoch     2  val_loss 0.25\n")
        tracker.update_experiment_status(run, "completed")
        rest, errors = process.communicate(timeout=60)
        self.assertRegex(rest, "^completed: .*best_val_loss 0")
        self.assertEqual((process.returncode, errors), (0, ""))
        # Of a run that has ended: all of it, and the end.
        again = self.tail(run).communicate(timeout=60)[0].splitlines()
        self.assertEqual(again[0], "tailed: completed")
        self.assertEqual(len(again), 6)
        self.assertIn("completed: ", again[-1])

    def test_through_a_server_that_is_killed(self) -> None:
        server = Server()
        self.addCleanup(server.close)
        tracker = self.tracker(server.url)
        run = tracker.create_experiment(experiment_name="tail through")
        tracker.log_epoch(run, 0, {"a": 0})
        self.assertTrue(tracker.flush(30))
        process = self.tail(run, server.url)
        lines: List[str] = []
        reading = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")), daemon=True)
        reading.start()
        until(lambda: len(lines) == 2, "the stored epoch")
        server.kill()
        for epoch in range(1, 5):
            tracker.log_epoch(run, epoch, {"a": epoch})
        server.start()
        self.assertTrue(tracker.flush(60))
        until(lambda: len(lines) == 6, f"the epochs of the outage: {lines}", 60)
        tracker.update_experiment_status(run, "failed")
        self.assertEqual(process.wait(60), 0)
        reading.join(10)
        self.assertEqual(lines[1:6], [f"epoch {epoch:>5}  a {epoch}\n" for epoch in range(5)])
        self.assertIn("failed: ", lines[-1])
        self.assertIn("trying again", process.stderr.read())

    def test_what_is_not_there_and_what_goes_away(self) -> None:
        done = self.tail("0" * 24)
        self.assertEqual(done.communicate(timeout=60)[1], f"epochgraph: Experiment {'0' * 24} does not exist. (NOT_FOUND)\n")
        self.assertEqual(done.returncode, 1)
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="to be deleted")
        tracker.log_epoch(run, 0, {"a": 1})
        self.assertTrue(tracker.flush(30))
        process = self.tail(run)
        process.stdout.readline()
        process.stdout.readline()
        time.sleep(0.5)
        self.server.data("mutation($id: ID!) { deleteExperiment(id: $id) { id } }", id=run)
        self.assertEqual(process.communicate(timeout=60)[0], "deleted\n")
        self.assertEqual(process.returncode, 1)


class Stream:
    """A server of event streams whose answers are scripted: each is a body, or a function that makes one."""

    def __init__(self, *answers: Any) -> None:
        self.requests: List[Any] = []
        stream = self
        script = iter(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                stream.requests.append((self.path, self.headers["accept"], json.loads(body)["variables"]))
                answer = next(script, "")
                kind = "application/json" if answer.startswith("{") else "text/event-stream; charset=utf-8"
                self.send_response(200 if kind.startswith("text") else 400)
                self.send_header("content-type", kind)
                self.end_headers()
                try:
                    self.wfile.write(answer.encode())
                except OSError:
                    pass  # The client has seen enough.

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = Address(f"http://127.0.0.1:{self._server.server_address[1]}/graphql")
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def next_event(cursor: str) -> str:
    return f'event: next\ndata: {json.dumps({"data": {"field": {"cursor": cursor}}})}\n\n'


def errors_event(code: str) -> str:
    return f'event: next\ndata: {json.dumps({"errors": [{"message": "m", "extensions": {"code": code}}]})}\n\n'


COMPLETE = "event: complete\ndata:\n\n"


class Following(unittest.TestCase):
    def setUp(self) -> None:
        patcher = mock.patch.object(live, "_FIRST_PAUSE", 0.01)
        patcher.start()
        self.addCleanup(patcher.stop)

    def stream(self, *answers: str) -> Stream:
        stream = Stream(*answers)
        self.addCleanup(stream.close)
        return stream

    def take(self, stream: Stream, count: int, **hooks: Callable[..., Any]) -> List[str]:
        subscription = Subscription("subscription { field }", "field", {"id": "1", "afterEpoch": -1})
        return [event["cursor"] for event in itertools.islice(follow(stream.address, None, subscription, **hooks), count)]

    def test_it_continues_behind_the_last_event(self) -> None:
        stream = self.stream(next_event("a") + ":\n\n" + next_event("b"), "", next_event("c") + COMPLETE, next_event("d"))
        lost: List[str] = []
        self.assertEqual(self.take(stream, 4, on_lost=lost.append), ["a", "b", "c", "d"])
        self.assertEqual({request[:2] for request in stream.requests}, {("/graphql/stream", "text/event-stream")})
        self.assertEqual(
            [request[2] for request in stream.requests],
            [{"id": "1", "afterEpoch": -1}, {"id": "1", "after": "b"}, {"id": "1", "after": "b"}, {"id": "1", "after": "c"}],
        )
        # One word for each outage, however many tries it takes.
        self.assertEqual(len(lost), 2)

    def test_it_begins_anew_where_the_server_can_not_continue(self) -> None:
        stream = self.stream(next_event("a") + errors_event("RESYNC_REQUIRED") + COMPLETE, next_event("z"))
        resyncs: List[int] = []
        self.assertEqual(self.take(stream, 2, on_resync=lambda: resyncs.append(1)), ["a", "z"])
        self.assertEqual((stream.requests[1][2], resyncs), ({"id": "1", "afterEpoch": -1}, [1]))

    def test_it_waits_for_a_database_and_gives_up_on_what_will_not_pass(self) -> None:
        stream = self.stream(errors_event("DATABASE_UNAVAILABLE"), errors_event("TIMED_OUT"), next_event("a"))
        self.assertEqual(self.take(stream, 1), ["a"])
        for refusal in (errors_event("NOT_FOUND"), '{"errors":[{"message":"m","extensions":{"code":"BAD_USER_INPUT"}}]}'):
            with self.assertRaises(Refused):
                self.take(self.stream(refusal), 1)

    def test_silence_is_a_lost_connection(self) -> None:
        hold = threading.Event()
        self.addCleanup(hold.set)
        stream = self.stream()
        with mock.patch.object(stream, "requests", Held(hold)):
            lost: List[str] = []
            with self.assertRaises(InterruptedError):

                def stop(reason: str) -> None:
                    lost.append(reason)
                    raise InterruptedError

                self.take(stream, 1, on_lost=stop, silence=0.2)
        self.assertIn("0.2 s", lost[0])

    def test_the_format_of_event_streams(self) -> None:
        text = b": comment\r\nevent: next\r\ndata: one\r\ndata:two\r\nid: 5\r\n\r\n\n:\n\ndata: three\n\nevent: complete\n\nevent: cut"
        response = mock.Mock(spec=http.client.HTTPResponse)
        response.readline = io.BytesIO(text).readline
        self.assertEqual(list(sse_events(response)), [("next", "one\ntwo"), ("message", "three"), ("complete", "")])


class Held(list):
    """A list whose growing waits: the answer of the request that it notes does not come."""

    def __init__(self, hold: threading.Event) -> None:
        super().__init__()
        self.hold = hold

    def append(self, item: Any) -> None:
        self.hold.wait(30)


if __name__ == "__main__":
    unittest.main()
