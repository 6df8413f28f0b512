"""A disk without room: the training never sees any of it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import epochgraph
from epochgraph import journal, records
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


if __name__ == "__main__":
    unittest.main()
