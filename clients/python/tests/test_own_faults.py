"""Faults of the tracker itself: the training never sees any."""

from __future__ import annotations

import errno
import inspect
import os
from typing import Any, List
from unittest import mock

import epochgraph
from epochgraph import journal, records, sender, transport
from epochgraph.notices import LOGGER
from tests.support import SpoolTest, until


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
