"""Faults of the disk, of the data and of the tracker itself: the training never sees any."""

from __future__ import annotations

import errno
import inspect
import json
import os
import shutil
import sys
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, List
from unittest import mock

import epochgraph
from epochgraph import journal, records, sender, transport, tracker as tracker_module
from epochgraph.notices import LOGGER
from tests.support import SpoolTest, free_port, python, until


def nobody() -> str:
    return f"http://127.0.0.1:{free_port()}/graphql"


class FullDisk(SpoolTest):
    def test_a_file_that_can_not_grow_keeps_records_in_memory_and_delivers_them(self) -> None:
        # The kernel's own limit of a file's size cuts a line short, as a full disk does.
        script = """
import json, resource, sys
from epochgraph import ExperimentTracker
url, nobody, spool = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
tracker = ExperimentTracker(url, spool=spool)
run = tracker.create_experiment(experiment_name="full")
for epoch in range(1000):
    tracker.log_epoch(run, epoch, {"loss": epoch / 7})
tracker.update_experiment_status(run, "completed")
tracker.flush(30)
counts = tracker.counts()
print(json.dumps([run, counts.logged, counts.delivered, counts.refused, counts.lost, counts.waiting]))
"""
        try:
            import resource  # noqa: F401
        except ImportError:
            self.assertEqual(sys.platform, "win32")
            return
        done = python("-c", script, self.server.url, "", self.spool)
        self.assertEqual(done.returncode, 0, done.stderr)
        run, *counts = json.loads(done.stdout)
        self.assertEqual(counts, [1002, 1002, 0, 0, 0])
        self.assertIn("can't write to the spool", done.stderr)
        self.assertIn("kept in memory", done.stderr)
        self.assertEqual(self.server.metrics(run), {epoch: {"loss": epoch / 7} for epoch in range(1000)})
        self.assertEqual(self.server.experiment(run)["status"], "COMPLETED")

    def full(self, after: int) -> Any:
        """os.write as on a disk with room for this many bytes; `room` can be changed."""
        room = {"bytes": after}
        write = os.write

        def limited(descriptor: int, data: bytes) -> int:
            if not room["bytes"]:
                raise OSError(errno.ENOSPC, "No space left on device")
            taken = min(len(data), room["bytes"])
            room["bytes"] -= taken
            return write(descriptor, data[:taken])

        patcher = mock.patch.object(journal.os, "write", limited)
        patcher.start()
        self.addCleanup(patcher.stop)
        return room

    def test_order_holds_through_a_disk_that_is_full_for_a_while(self) -> None:
        for torn in (False, True):
            proxy = self.proxy()
            proxy.mode = "refuse"
            tracker = self.tracker(proxy.url)
            room = self.full(2000)
            # Where a cut line can't be taken back, it ends as an unreadable one.
            undo = mock.patch.object(journal.os, "ftruncate", side_effect=OSError(errno.EIO, "I/O error"))
            if torn:
                undo.start()
            run = tracker.create_experiment(experiment_name="full for a while")
            for epoch in range(40):
                tracker.log_epoch(run, epoch % 20, {"value": epoch})
            self.assertTrue(tracker._journal.in_memory())
            room["bytes"] = 1 << 30
            for epoch in range(40, 60):
                tracker.log_epoch(run, epoch % 20, {"value": epoch})
            self.assertEqual(tracker._journal.in_memory(), [])
            if torn:
                undo.stop()
            # All of it is on the disk again, in order.
            tracker.close(0)
            mock.patch.stopall()
            done = self.sync("--url", self.server.url)
            self.assertEqual(done.returncode, 0)
            # Each of the 61 records, and nothing of a cut line but, at the most, the rest that could not be taken back.
            self.assertRegex(done.stdout, "^61 delivered")
            self.assertEqual("1 unreadable lines" in done.stdout, torn, done.stdout)
            self.assertEqual(self.server.metrics(run), {epoch: {"value": 40 + epoch} for epoch in range(20)})

    def test_past_the_bound_of_memory_epochs_are_lost_and_counted_and_the_rest_is_kept(self) -> None:
        with mock.patch.object(journal.Journal.__init__, "__defaults__", (journal.SEGMENT_BYTES, 3000)):
            proxy = self.proxy()
            proxy.mode = "refuse"
            tracker = self.tracker(proxy.url)
            self.full(0)
            run = tracker.create_experiment(experiment_name="no room at all")
            for epoch in range(100):
                tracker.log_epoch(run, epoch, {"loss": 1.0})
            tracker.update_experiment_status(run, "failed")
            lost = tracker.counts().lost
            self.assertTrue(50 < lost < 100, lost)
            self.assertIn("epochs are LOST so far", self.warnings())
            proxy.mode = "pass"
            self.assertTrue(tracker.flush(30))
            counts = tracker.counts()
            self.assertEqual((counts.logged, counts.delivered, counts.lost), (102, 102 - lost, lost))
            self.assertEqual(sorted(self.server.metrics(run)), list(range(100 - lost)))
            self.assertEqual(self.server.experiment(run)["status"], "FAILED")

    def test_a_folder_that_can_not_be_made(self) -> None:
        blocked = Path(self.spool) / "file"
        blocked.write_text("in the way")
        tracker = epochgraph.ExperimentTracker(self.server.url, spool=blocked / "spool")
        run = tracker.create_experiment(experiment_name="no folder")
        for epoch in range(20):
            tracker.log_epoch(run, epoch, {"loss": 1.0, "bad": object()})
        self.assertTrue(tracker.flush(30))
        tracker.close()
        self.assertEqual(sorted(self.server.metrics(run)), list(range(20)))
        self.assertIn("kept in memory", self.warnings())

    def test_what_is_only_in_memory_at_the_end_is_said_to_be_lost(self) -> None:
        tracker = self.tracker(nobody())
        self.full(0)
        tracker.create_experiment(experiment_name="lost")
        tracker.close(0)
        self.assertIn("1 records are not delivered", self.said())
        self.assertIn("of which 1 are LOST", self.said())
        self.assertEqual((tracker.counts().lost, tracker.counts().waiting), (1, 0))

    def test_a_spool_that_is_removed_under_the_tracker(self) -> None:
        proxy = self.proxy()
        proxy.mode = "refuse"
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="removed")
        tracker.log_epoch(run, 0, {"loss": 1.0})
        until(lambda: proxy.requests, "a try")
        shutil.rmtree(self.spool)
        proxy.mode = "pass"
        self.assertTrue(tracker.flush(30))
        # What was read already is delivered; what is logged from now on is, too.
        tracker.log_epoch(run, 1, {"loss": 2.0})
        tracker.flush(5)
        tracker.log_epoch(run, 2, {"loss": 3.0})
        self.assertTrue(tracker.flush(30))
        self.assertIn(2, self.server.metrics(run))
        counts = tracker.counts()
        self.assertEqual(counts.logged, counts.dealt_with + counts.lost)

    def test_finished_files_go_away_while_the_trainer_runs(self) -> None:
        with mock.patch.object(journal.Journal.__init__, "__defaults__", (4000, journal.MEMORY_BYTES)), mock.patch.object(
            journal, "_WORTH_ROTATING", 1000
        ):
            tracker = self.tracker()
            run = tracker.create_experiment(experiment_name="rotation")
            for epoch in range(500):
                tracker.log_epoch(run, epoch, {"loss": 1.0})
            self.assertTrue(tracker.flush(30))
            until(lambda: sum(path.stat().st_size for path in Path(self.spool).glob("*.jsonl")) < 5000, "small files")
            tracker.log_epoch(run, 500, {"loss": 1.0})
            self.assertTrue(tracker.flush(30))
            self.assertEqual(sorted(self.server.metrics(run)), list(range(501)))
            tracker.close()
            self.assert_spool_is_empty()


class Refusals(SpoolTest):
    def refused(self) -> List[Dict[str, Any]]:
        lines = [line for path in Path(self.spool).glob("*.refused.jsonl") for line in path.read_text().splitlines()]
        return [json.loads(line) for line in lines]

    def test_a_bad_one_does_not_hold_the_others_back(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="one bad")
        gone = "f" * 24
        # Records that this client would not make, as an older or foreign one might.
        bad = records.Record("logEpoch", run, '{"epoch":-5,"metrics":{}}')
        worse = records.Record("logEpoch", run, '{"epoch":"x","metrics":{"a":1}}')
        part = records.Record("logEpoch", run, '{"epoch":2,"metrics":{"a":1},"timing":{"durationSeconds":-1}}')
        named = records.Record("logEpoch", run, '{"epoch":3,"metrics":{"a":1,"b":"text"}}')
        with tracker._mutex:
            for number in range(4, 50):
                tracker._journal.append(records.log_epoch(run, number, {"a": number}).record)
                if number in (10, 20, 30, 40):
                    tracker._journal.append({10: bad, 20: worse, 30: part, 40: named}[number])
        tracker.log_epoch(gone, 0, {"a": 1})
        tracker.save_checkpoint_info(run, 1, {}, {"path": "p"})
        tracker.update_experiment_status(run, "completed")
        tracker.update_experiment_status(run, "failed")
        self.assertTrue(tracker.flush(30))
        stored = self.server.metrics(run)
        self.assertEqual({number: stored[number] for number in range(4, 50)}, {n: {"a": n} for n in range(4, 50)})
        # Of an epoch with one part that is wrong, the rest went.
        self.assertEqual(stored[2], {"a": 1})
        counts = tracker.counts()
        self.assertEqual(counts.logged, 46 + 4 + 1 + 4)
        self.assertEqual(counts.logged, counts.delivered + counts.refused)
        codes = sorted((entry["code"], entry["record"]["op"]) for entry in self.refused() if "record" in entry)
        self.assertEqual(
            codes,
            [
                ("BAD_USER_INPUT", "logEpoch"),
                ("BAD_USER_INPUT", "logEpoch"),
                ("BAD_USER_INPUT", "logEpoch"),
                ("CONFLICT", "updateExperimentStatus"),
                ("NOT_FOUND", "logEpoch"),
            ],
        )
        self.assertEqual(self.server.experiment(run)["status"], "COMPLETED")
        self.assertIn("BAD_USER_INPUT", self.warnings())
        self.assertIn(self.spool, self.warnings())

    def test_a_description_that_is_refused_in_part_or_whole_does_not_cost_the_run(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(
            experiment_name="described",
            config={"learning_rate": "1e-3", "batch_size": 16.5, "mine": 1, "device": "cpu"},
            dataset={"releases": "R1", "train_windows": 5},
            tags=["ok", "x" * 300],
            parent_experiment_id="e" * 24,
            end_time="2025-01-01T00:00:00Z",
        )
        huge = tracker.create_experiment(experiment_name="huge", config={"text": "x" * 9_000_000})
        for number in (run, huge):
            tracker.log_epoch(number, 0, {"a": 1})
        self.assertTrue(tracker.flush(60))
        stored = self.server.experiment(run)
        self.assertEqual(stored["config"]["all"], {"mine": 1, "device": "cpu"})
        self.assertEqual((stored["dataset"]["all"], stored["tags"], stored["parent"]), ({"train_windows": 5}, ["ok"], None))
        self.assertEqual(self.server.experiment(huge)["name"], "huge")
        self.assertEqual([self.server.metrics(number) for number in (run, huge)], [{0: {"a": 1}}] * 2)
        self.assertEqual((tracker.counts().refused, tracker.counts().left_out), (0, 7))
        left_out = {entry["left_out"]: entry["value"] for entry in self.refused()}
        self.assertEqual(left_out["config.learning_rate"], "1e-3")
        self.assertEqual(left_out["parentExperimentId"], "e" * 24)

    def test_calls_that_make_no_sense(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="sense", status="done", challenge="two")
        tracker.log_epoch("not an id", 0, {"a": 1})
        tracker.log_epoch(run, -1, {"a": 1})
        tracker.log_epoch(run, 1.5, {"a": 1})
        tracker.log_epoch(run, None, {"a": 1})
        tracker.log_epoch(run)
        tracker.save_checkpoint_info(run, 0, {}, None)
        tracker.update_experiment_status(run, "done")
        tracker.update_experiment_status(None, "failed")
        self.assertEqual(tracker.failed_calls, 8)
        tracker.log_epoch(run.upper(), 0, {"a": 1})
        self.assertTrue(tracker.flush(30))
        self.assertEqual(self.server.metrics(run), {0: {"a": 1}})
        # Each kind is told of once a minute; all of them are kept.
        for sentence in ("no experiment id", "file has no path", "status is 'done'", "challenge"):
            self.assertIn(sentence, self.warnings())
        calls = [(entry["call"], entry["arguments"][0]) for entry in self.refused() if "call" in entry]
        self.assertEqual(len(calls), 8)
        self.assertIn(("log_epoch", [run, 1.5, {"a": 1}]), calls)

    def test_refused_records_can_be_sent_again(self) -> None:
        proxy = self.proxy()
        tracker = self.tracker(proxy.url)
        run = "a" * 24
        for epoch in range(3):
            tracker.log_epoch(run, epoch, {"a": epoch})
        tracker.log_epoch(run, 3, {"a": 3, "left": object()})
        self.assertTrue(tracker.flush(30))
        self.assertEqual(tracker.counts().refused, 4)
        tracker.close()
        done = epochgraph_status(self.spool)
        self.assertEqual(done.returncode, 1)
        self.assertIn("0 records wait, 4 refused", done.stdout)
        self.assertIn(f"4 x Experiment {run} does not exist. (NOT_FOUND)", done.stdout)
        # The cause is mended.
        self.server.data("mutation($i: CreateExperimentInput!) { createExperiment(input: $i) { outcome } }", i={"id": run, "name": "late"})
        done = self.sync("--refused", "--url", self.server.url)
        self.assertIn("4 delivered (4 created", done.stdout)
        self.assertEqual(self.server.metrics(run), {epoch: {"a": epoch} for epoch in range(4)})
        [left] = self.refused()
        self.assertEqual(left["left_out"], "metrics.left")
        self.assertEqual(epochgraph_status(self.spool).returncode, 0)

    def test_a_server_that_fails_at_one_record_alone_gets_the_others(self) -> None:
        fault = b'{"data":null,"errors":[{"message":"The server failed","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}'
        execute = transport.Connection.execute

        def failing(connection: Any, document: str, variables: str = "{}") -> Any:
            if '"poison"' in variables:
                raise transport.error_of(json.loads(fault)["errors"], "x")
            return execute(connection, document, variables)

        with mock.patch.object(transport.Connection, "execute", failing), mock.patch.object(sender, "_FIRST_PAUSE", 0.01), mock.patch.object(sender, "_LONGEST_PAUSE", 0.01):
            tracker = self.tracker()
            run = tracker.create_experiment(experiment_name="poisoned")
            for epoch in range(60):
                tracker.log_epoch(run, epoch, {"poison" if epoch == 33 else "a": 1})
            self.assertTrue(tracker.flush(60))
        self.assertEqual(sorted(self.server.metrics(run)), [epoch for epoch in range(60) if epoch != 33])
        self.assertEqual((tracker.counts().refused, tracker.counts().delivered), (1, 60))
        [entry] = self.refused()
        self.assertEqual((entry["code"], entry["record"]["input"]["epoch"]), ("INTERNAL_SERVER_ERROR", 33))

    def test_a_server_that_fails_at_everything_refuses_nothing(self) -> None:
        broken = {"now": True}
        calls: List[str] = []
        execute = transport.Connection.execute

        def failing(connection: Any, document: str, variables: str = "{}") -> Any:
            calls.append(document)
            if broken["now"]:
                raise transport.ServerFault("everything fails (INTERNAL_SERVER_ERROR)")
            return execute(connection, document, variables)

        for begun in (False, True):
            calls.clear()
            with mock.patch.object(transport.Connection, "execute", failing), mock.patch.object(
                sender, "_FIRST_PAUSE", 0.001
            ), mock.patch.object(sender, "_LONGEST_PAUSE", 0.001):
                tracker = self.tracker()
                broken["now"] = not begun
                run = tracker.create_experiment(experiment_name="all broken", challenge=1)
                self.assertEqual(tracker.flush(10 if begun else 1), begun)
                broken["now"] = True
                for epoch in range(200):
                    tracker.log_epoch(run, epoch, {"a": 1})
                until(lambda: len(calls) > 40, "many tries")
                broken["now"] = False
                self.assertTrue(tracker.flush(30))
            self.assertEqual(sorted(self.server.metrics(run)), list(range(200)))
            self.assertEqual((tracker.counts().refused, tracker.counts().delivered), (0, 201))

    def test_a_description_that_the_server_fails_at_does_not_cost_the_run(self) -> None:
        execute = transport.Connection.execute

        def failing(connection: Any, document: str, variables: str = "{}") -> Any:
            if '"config"' in variables:
                raise transport.ServerFault("fails (INTERNAL_SERVER_ERROR)")
            return execute(connection, document, variables)

        with mock.patch.object(transport.Connection, "execute", failing), mock.patch.object(sender, "_FIRST_PAUSE", 0.001):
            tracker = self.tracker()
            run = tracker.create_experiment(experiment_name="odd description", config={"odd": 1})
            tracker.log_epoch(run, 0, {"a": 1})
            self.assertTrue(tracker.flush(30))
        self.assertEqual(self.server.metrics(run), {0: {"a": 1}})
        [entry] = self.refused()
        self.assertEqual(entry["value"]["config"], {"odd": 1})


def epochgraph_status(folder: str) -> Any:
    from tests.support import command

    return command("status", folder)


class OwnFaults(SpoolTest):
    """Whatever breaks inside the tracker, the calls return, and say what happened."""

    PLACES: List[str] = [
        "epochgraph.records.json_text",
        "epochgraph.records.now_text",
        "epochgraph.records.metrics_of",
        "epochgraph.journal.Journal.append",
        "epochgraph.journal.Journal._write",
        "epochgraph.journal.Journal.read",
        "epochgraph.journal.Journal.acknowledge",
        "epochgraph.journal.Journal.close",
        "epochgraph.sender.Sender.__init__",
        "epochgraph.sender.Sender.wake",
        "epochgraph.sender.Sender.watch",
        "epochgraph.sender.Sender.stop",
        "epochgraph.sender.Sender._wait",
        "epochgraph.delivery.Delivery.run",
        "epochgraph.transport.Connection.execute",
        "epochgraph.notices.LOGGER.warning",
        "threading.Thread.start",
        "os.open",
        "os.makedirs",
    ]

    def everything(self, tracker: Any) -> None:
        run = tracker.create_experiment(experiment_name="faults", config={"a": object()})
        self.assertRegex(run, "^[0-9a-f]{24}$")
        for epoch in range(3):
            self.assertIsNone(tracker.log_epoch(run, epoch, {"a": 1.0, "b": object()}))
        tracker.save_checkpoint_info(run, 0, {}, {"path": "x"})
        tracker.update_experiment(run, note="x")
        tracker.update_experiment_status(run, "completed")
        with tracker.run(experiment_name="faults in a run") as context:
            context.log_epoch(0, {"a": 1})
        self.assertFalse(tracker.flush(0.05) and tracker.flush(0.05) and False)
        tracker.close(0.1)

    def test_no_exception_of_the_tracker_reaches_the_training(self) -> None:
        for place in self.PLACES:
            for error in (RuntimeError("injected"), OSError(errno.EIO, "injected"), MemoryError(), RecursionError("injected")):
                with self.subTest(place=place, error=error):
                    tracker = epochgraph.ExperimentTracker(self.server.url, spool=self.spool)
                    with mock.patch(place, side_effect=error):
                        self.everything(tracker)
                    tracker.close(0.1)

    def test_a_fault_is_counted_and_told_of(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="told")
        with mock.patch("epochgraph.records.metrics_of", side_effect=RuntimeError("injected")):
            tracker.log_epoch(run, 0, {"a": 1})
        self.assertEqual(tracker.failed_calls, 1)
        self.assertIn("RuntimeError: injected", self.warnings())
        tracker.log_epoch(run, 1, {"a": 1})
        self.assertTrue(tracker.flush(30))
        self.assertEqual(sorted(self.server.metrics(run)), [1])

    def test_keyboard_interrupts_pass(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="interrupted")
        with mock.patch("epochgraph.records.metrics_of", side_effect=KeyboardInterrupt):
            with self.assertRaises(KeyboardInterrupt):
                tracker.log_epoch(run, 0, {"a": 1})
        tracker.log_epoch(run, 1, {"a": 1})
        self.assertTrue(tracker.flush(30))

    def test_a_thread_that_dies_of_a_fault_goes_on(self) -> None:
        faults = iter([RuntimeError("once"), ValueError("twice")])
        run_ = epochgraph.delivery.Delivery.run

        def failing(delivery: Any, *arguments: Any) -> Any:
            for fault in faults:
                raise fault
            return run_(delivery, *arguments)

        with mock.patch.object(epochgraph.delivery.Delivery, "run", failing):
            tracker = self.tracker()
            run = tracker.create_experiment(experiment_name="goes on")
            self.assertTrue(until(lambda: tracker.flush(1), "delivery"))
        self.assertIsNotNone(self.server.experiment(run))

    def test_every_write_is_guarded(self) -> None:
        reads = {name for name, _ in inspect.getmembers(epochgraph.reads.Reads, inspect.isfunction)} | {"query"}
        public = {
            name
            for name, _ in inspect.getmembers(epochgraph.ExperimentTracker, inspect.isfunction)
            if not name.startswith("_") and name not in reads
        }
        # A new public method is either a read, or has its place in `everything` above.
        self.assertEqual(
            public,
            {
                "create_experiment",
                "log_epoch",
                "save_checkpoint_info",
                "update_experiment",
                "update_experiment_status",
                "run",
                "status_said",
                "counts",
                "flush",
                "close",
            },
        )


if __name__ == "__main__":
    unittest.main()
