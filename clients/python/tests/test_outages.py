"""A server that is away, comes and goes, answers wrongly or slowly: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import json
import random
import threading
import time
import unittest
from typing import Any

from epochgraph.delivery import Counts
from tests.support import Proxy, Server, SpoolTest, free_port, until


def expected(count: int) -> Any:
    """The metrics of epochs as `log` makes them."""
    return {epoch: {"loss": epoch / 7, "nan": "NaN"} for epoch in range(count)}


def log(tracker: Any, run: str, start: int, stop: int) -> None:
    for epoch in range(start, stop):
        tracker.log_epoch(run, epoch, {"loss": epoch / 7, "nan": float("nan")})


class Outages(SpoolTest):
    def assert_delivered(self, tracker: Any, run: str, epochs: int) -> None:
        """All epochs are stored once, and the counts of the tracker add up to what was logged."""
        self.assertTrue(tracker.flush(60), tracker.counts())
        self.assertEqual(self.server.metrics(run), expected(epochs))
        counts = tracker.counts()
        self.assertEqual((counts.refused, counts.lost, counts.waiting), (0, 0, 0))
        self.assertEqual(counts.delivered, counts.logged)
        tracker.close()
        self.assert_spool_is_empty()

    def test_away_from_the_start_to_the_end_and_delivered_by_sync(self) -> None:
        tracker = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        run = tracker.create_experiment(experiment_name="away", challenge=3)
        log(tracker, run, 0, 2500)
        tracker.update_experiment_status(run, "completed", note="fine")
        began = time.monotonic()
        self.assertFalse(tracker.flush(0.2))
        tracker.close()
        self.assertLess(time.monotonic() - began, 30)
        self.assertIsNone(self.server.experiment(run))
        self.assertEqual(tracker.counts().waiting, 2502)
        done = self.sync("--url", self.server.url)
        self.assertEqual((done.returncode, done.stdout), (0, "2502 delivered (2501 created, 0 replaced, 0 unchanged, 1 updated), 0 refused\n"))
        stored = self.server.experiment(run)
        self.assertEqual((stored["status"], stored["note"], stored["challenge"]), ("COMPLETED", "fine", 3))
        self.assertEqual(self.server.metrics(run), expected(2500))
        self.assert_spool_is_empty()
        # Delivering again what is delivered does nothing.
        self.assertEqual(self.sync().stdout, f"{Counts()}\n")

    def test_away_in_the_middle_for_ten_thousand_epochs(self) -> None:
        server = Server()
        self.addCleanup(server.close)
        self.server = server
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="middle")
        log(tracker, run, 0, 50)
        self.assertTrue(tracker.flush(30))
        server.kill()
        log(tracker, run, 50, 10_050)
        server.start()
        self.assert_delivered(tracker, run, 10_050)

    def test_killed_again_and_again_while_it_is_delivered_to(self) -> None:
        server = Server()
        self.addCleanup(server.close)
        self.server = server
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="killed")
        for round_ in range(4):
            log(tracker, run, round_ * 500, round_ * 500 + 500)
            time.sleep(random.uniform(0.0, 0.3))
            server.kill()
            log(tracker, run, round_ * 500, round_ * 500 + 500)
            server.start()
        self.assert_delivered(tracker, run, 2000)

    def test_flapping(self) -> None:
        proxy = self.proxy()
        modes = ["pass", "500", "lose the answer", "refuse", "503", "html", "pass", "408"]
        proxy.mode = lambda body: random.choice(modes)
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="flapping")
        for start in range(0, 300, 20):
            log(tracker, run, start, start + 20)
            tracker.flush(0.05)
        until(lambda: tracker.flush(1), "delivery through a flapping server", 90)
        self.assert_delivered(tracker, run, 300)

    def test_answers_that_are_lost_make_nothing_twice(self) -> None:
        proxy = self.proxy()
        lose = iter([True, True, True])
        proxy.mode = lambda body: "lose the answer" if next(lose, False) else "pass"
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="lost answers")
        log(tracker, run, 0, 5)
        tracker.save_checkpoint_info(run, 4, {"loss": 1.0}, {"path": "x"}, is_best=True)
        self.assert_delivered(tracker, run, 5)
        self.assertEqual(self.server.ids_named("lost answers"), [run])
        self.assertEqual(len(self.server.experiment(run)["checkpoints"]), 1)
        # The first record was written without the client hearing of it, so it was there already when it came again.
        self.assertGreaterEqual(tracker.counts().unchanged, 1)

    def test_500_for_a_while(self) -> None:
        proxy = self.proxy()
        proxy.mode = "500"
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="500")
        log(tracker, run, 0, 100)
        until(lambda: len(proxy.requests) >= 2, "two tries")
        until(lambda: "HTTP status 500" in self.warnings(), "a warning")
        proxy.mode = "pass"
        self.assert_delivered(tracker, run, 100)

    def test_retry_after_is_honoured(self) -> None:
        proxy = self.proxy()
        proxy.mode = "503"
        proxy.headers["retry-after"] = "120"
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="patience")
        until(lambda: tracker._sender.reachable is False, "a first try")
        self.assertGreater(tracker._sender._paused_until - time.monotonic(), 100)
        proxy.mode = "pass"
        # Who waits for the delivery does not wait for that.
        self.assert_delivered(tracker, run, 0)

    def test_slow_answers(self) -> None:
        proxy = self.proxy()
        proxy.mode, proxy.pace = "drip", 0.002
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="slow")
        log(tracker, run, 0, 200)
        self.assert_delivered(tracker, run, 200)

    def test_answers_that_never_come_are_not_waited_for_for_ever(self) -> None:
        proxy = self.proxy()
        hung = threading.Event()

        def mode(body: bytes) -> str:
            if hung.is_set():
                return "pass"
            hung.set()
            return "hang"

        proxy.mode = mode
        tracker = self.tracker(proxy.url, timeout=0.5)
        run = tracker.create_experiment(experiment_name="hung")
        log(tracker, run, 0, 10)
        until(hung.is_set, "the first request")
        self.assert_delivered(tracker, run, 10)

    def test_a_drip_that_takes_for_ever_is_cut_off(self) -> None:
        proxy = self.proxy()
        proxy.mode, proxy.pace = "drip", 0.2
        tracker = self.tracker(proxy.url, timeout=1.0)
        run = tracker.create_experiment(experiment_name="drip")
        until(lambda: "did not answer within" in tracker._sender.trouble if tracker._sender else False, "a time-out")
        proxy.mode = "pass"
        self.assert_delivered(tracker, run, 0)

    def test_a_token_that_is_not_accepted_keeps_everything(self) -> None:
        refusal = {"message": "who are you", "extensions": {"code": "UNAUTHENTICATED"}}
        with Answering(refusal) as proxy:
            tracker = self.tracker(proxy.url, token="secret-token")
            run = tracker.create_experiment(experiment_name="token")
            log(tracker, run, 0, 3)
            until(lambda: "UNAUTHENTICATED" in self.warnings(), "a warning")
            tracker.close(0.5)
            self.assertEqual(tracker.counts().waiting, 4)
            self.assertEqual(proxy.tokens, {"Bearer secret-token"})
        for text in (self.warnings(), repr(tracker), *map(str, self.spool_texts())):
            self.assertNotIn("secret-token", text)
        self.assertEqual(self.sync("--url", self.server.url).returncode, 0)
        self.assertEqual(self.server.metrics(run), expected(3))

    def test_a_token_that_can_not_be_sent_keeps_everything_and_is_not_repeated(self) -> None:
        for token in ("secret\r\nx-evil: 1", "secret\u2026", "secret secret"):
            tracker = self.tracker(token=token)
            run = tracker.create_experiment(experiment_name="odd token")
            log(tracker, run, 0, 3)
            self.assertFalse(tracker.flush(0.1))
            tracker.close()
            self.assertIn("the token holds characters that no token has", self.warnings())
            self.assertNotIn("secret", self.warnings() + self.said())
            self.assertEqual(self.sync().returncode, 0)
            self.assertEqual(self.server.metrics(run), expected(3))
        with Answering({"message": "who are you", "extensions": {"code": "UNAUTHENTICATED"}}) as proxy:
            tracker = self.tracker(proxy.url, token=" token-of-a-file\n")
            tracker.create_experiment(experiment_name="token of a file")
            until(lambda: proxy.tokens == {"Bearer token-of-a-file"}, "the token")

    def spool_texts(self) -> Any:
        from pathlib import Path

        return [path.read_bytes() for path in Path(self.spool).iterdir()]

    def test_a_wrong_address_keeps_everything(self) -> None:
        for address in ("not a url", "ftp://host/", "http://", "http://user:password@host/graphql", "http://host:port/"):
            tracker = self.tracker(address)
            run = tracker.create_experiment(experiment_name="misaddressed")
            log(tracker, run, 0, 3)
            self.assertFalse(tracker.flush(0.1))
            tracker.close()
            self.assertEqual(tracker.counts().waiting, 4)
            for text in (self.warnings(), self.said(), repr(tracker), *map(str, self.spool_texts())):
                self.assertNotIn("password@", text)
            self.assertEqual(self.sync("--url", self.server.url).returncode, 0)
            self.assertEqual(self.server.metrics(run), expected(3))

    def test_the_next_start_delivers_what_was_left(self) -> None:
        earlier = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        elsewhere = earlier.create_experiment(experiment_name="for another server")
        earlier.close(0)
        proxy = self.proxy()
        proxy.mode = "refuse"
        left = self.tracker(proxy.url)
        run = left.create_experiment(experiment_name="left")
        log(left, run, 0, 1500)
        left.close(0)
        proxy.mode = "pass"
        # Only what is for the same server goes there.
        next_one = self.tracker(proxy.url)
        another = next_one.create_experiment(experiment_name="next")
        log(next_one, another, 0, 3)
        until(lambda: len(self.server.metrics(run)) == 1500, "the delivery of the earlier process's records")
        self.assertEqual(self.server.metrics(run), expected(1500))
        self.assertEqual(self.server.metrics(another), expected(3))
        self.assertIsNone(self.server.experiment(elsewhere))

    def test_order_within_a_run(self) -> None:
        proxy = self.proxy()
        proxy.mode = "refuse"
        tracker = self.tracker(proxy.url)
        first = tracker.create_experiment(experiment_name="order 1")
        second = tracker.create_experiment(experiment_name="order 2", parent_experiment_id=first)
        for epoch in range(30):
            tracker.log_epoch(first, epoch % 10, {"value": epoch})
            tracker.log_epoch(second, epoch, {"value": epoch})
        tracker.save_checkpoint_info(first, 1, {}, {"path": "a"}, is_best=True)
        tracker.save_checkpoint_info(first, 2, {}, {"path": "b"}, is_best=True)
        tracker.update_experiment_status(first, "failed", note="once")
        tracker.update_experiment_status(first, "running")
        tracker.log_epoch(first, 10, {"value": 30})
        tracker.update_experiment_status(first, "completed", metrics={"own": 1})
        proxy.mode = "pass"
        self.assertTrue(tracker.flush(30))
        # The last of several values of an epoch is the one that holds; the last best is the best; the last status holds.
        wanted = {**{epoch: {"value": 20 + epoch} for epoch in range(10)}, 10: {"value": 30}}
        self.assertEqual(self.server.metrics(first), wanted)
        stored = self.server.experiment(first)
        self.assertEqual(stored["status"], "COMPLETED")
        self.assertEqual(stored["metrics"]["values"]["own"], 1)
        self.assertEqual({c["epoch"]: c["isBest"] for c in stored["checkpoints"]}, {1: False, 2: True})
        self.assertEqual(self.server.experiment(second)["parent"], {"id": first})
        self.assertEqual(tracker.counts().refused, 0)

    def test_batches_are_as_large_as_the_contract_allows(self) -> None:
        proxy = self.proxy()
        proxy.mode = "refuse"
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="batches")
        log(tracker, run, 0, 3000)
        until(lambda: len(proxy.requests) > 1, "a try")
        proxy.mode = "pass"
        proxy.requests.clear()
        self.assert_delivered(tracker, run, 3000)
        sizes = [len(body["variables"]["input"]["epochs"]) for body in map(json.loads, proxy.requests) if "logEpochs" in body["query"]]
        self.assertEqual(sum(sizes), 3000)
        self.assertLessEqual(max(sizes), 1000)
        self.assertLessEqual(len(sizes), 6)


class Answering:
    """A server that answers every request with one GraphQL error."""

    def __init__(self, error: Any) -> None:
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        self.tokens = tokens = set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                tokens.add(self.headers["authorization"])
                body = json.dumps({"errors": [error]}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/graphql"

    def __enter__(self) -> Answering:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *arguments: Any) -> None:
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    unittest.main()
