"""The tracker in ordinary days: runs, heartbeats, threads, counts."""

from __future__ import annotations

import ast
import re
import sys
import threading
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import epochgraph
from epochgraph import ExperimentTracker, MongoExperimentTracker, get_tracker
from epochgraph.object_ids import as_object_id, new_object_id
from tests.support import PACKAGE, SpoolTest, free_port, python, until


class Runs(SpoolTest):
    def end_of(self, *raised: Any) -> Any:
        tracker = self.tracker()
        try:
            with tracker.run(experiment_name="context", note="before") as run:
                run.log_epoch(0, {"loss": 1.0}, timing={"duration_seconds": 1}, memory={"cpu_rss_mb": 1})
                run.save_checkpoint_info(0, {"loss": 1.0}, "a.pt", is_best=True, model_state={"step": 1})
                run.update(add_tags=["late"])
                for error in raised:
                    raise error
        except BaseException as error:
            self.assertIs(error, raised[0])
        self.assertTrue(tracker.flush(30))
        self.assertEqual(tracker.counts().refused, 0)
        stored = self.server.experiment(run.id)
        self.assertEqual((stored["epochCount"], stored["tags"], len(stored["checkpoints"])), (1, ["late"], 1))
        return stored["status"], stored["note"]

    def test_how_a_run_ends(self) -> None:
        self.assertEqual(self.end_of(), ("COMPLETED", "before"))
        self.assertEqual(self.end_of(ValueError("bad")), ("FAILED", "before\nValueError: bad"))
        self.assertEqual(self.end_of(KeyboardInterrupt()), ("STOPPED", "before"))
        self.assertEqual(self.end_of(SystemExit(0)), ("COMPLETED", "before"))
        self.assertEqual(self.end_of(SystemExit(1)), ("FAILED", "before\nSystemExit: 1"))

    def test_what_the_block_itself_says_of_its_end_holds(self) -> None:
        tracker = self.tracker()
        with tracker.run(experiment_name="early stop") as run:
            tracker.update_experiment_status(run.id, "stopped", note="enough")
        self.assertTrue(tracker.flush(30))
        self.assertEqual((self.server.experiment(run.id)["status"], tracker.counts().refused), ("STOPPED", 0))

    def test_defaults_of_a_description(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(model={"name": "EEGNeX"}, seed=5, config={"a": 1})
        nameless = tracker.create_experiment()
        given = "0123456789abcdefABCDEF01"
        self.assertEqual(tracker.create_experiment(id=given, experiment_name="n" * 3000), given.lower())
        self.assertTrue(tracker.flush(30))
        stored = self.server.experiment(run)
        self.assertRegex(stored["name"], r"^EEGNeX_\d{8}_\d{6}$")
        self.assertEqual(stored["config"]["all"], {"seed": 5, "a": 1})
        self.assertTrue(stored["hostname"])
        self.assertRegex(self.server.experiment(nameless)["name"], r"^experiment_\d")
        self.assertRegex(self.server.experiment(given)["name"], "^n+$")

    def test_heartbeats(self) -> None:
        tracker = self.tracker(heartbeat_seconds=0.05)
        run = tracker.create_experiment(experiment_name="alive")
        imported = tracker.create_experiment(experiment_name="imported", status="completed")
        self.assertTrue(tracker.flush(30))
        until(lambda: self.server.experiment(run)["liveness"] == "ALIVE", "a heartbeat")
        seen = self.server.experiment(run)["lastSeenAt"]
        until(lambda: self.server.experiment(run)["lastSeenAt"] > seen, "another heartbeat")
        tracker.update_experiment_status(run, "completed")
        self.assertTrue(tracker.flush(30))
        ended = self.server.experiment(run)["lastSeenAt"]
        another = tracker.create_experiment(experiment_name="another")
        until(lambda: self.server.experiment(another) and self.server.experiment(another)["liveness"] == "ALIVE", "a heartbeat")
        self.assertEqual(self.server.experiment(run)["lastSeenAt"], ended)
        self.assertEqual(self.server.experiment(imported)["liveness"], "FINISHED")

    def test_a_closed_tracker_opens_again(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="twice open")
        tracker.log_epoch(run, 0, {"a": 1})
        tracker.close()
        self.assert_spool_is_empty()
        tracker.log_epoch(run, 1, {"a": 1})
        tracker.close()
        tracker.close()
        self.assertEqual(sorted(self.server.metrics(run)), [0, 1])
        counts = tracker.counts()
        self.assertEqual((counts.logged, counts.delivered, counts.waiting), (3, 3, 0))
        self.assertEqual(self.said(), "")

    def test_a_slow_close_says_how_far_it_is(self) -> None:
        proxy = self.proxy()

        def slowly(body: bytes) -> str:
            time.sleep(0.5)
            return "pass"

        proxy.mode = slowly
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="slow close")
        with mock.patch("epochgraph.tracker._PROGRESS_EVERY", 0.1):
            tracker.close()
        self.assertIn("epochgraph: 1 records are still to be delivered\n", self.said())
        self.assertIsNotNone(self.server.experiment(run))

    def test_many_threads(self) -> None:
        with self.tracker() as tracker:
            runs = [tracker.create_experiment(experiment_name=f"thread {number}") for number in range(4)]

            def log(run: str) -> None:
                for epoch in range(300):
                    tracker.log_epoch(run, epoch, {"a": epoch})

            threads = [threading.Thread(target=log, args=(run,)) for run in runs]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for run in runs:
            self.assertEqual(self.server.metrics(run), {epoch: {"a": epoch} for epoch in range(300)})
        self.assertEqual(tracker.counts().delivered, 1204)

    def test_names_of_old(self) -> None:
        done = python(
            "-c",
            "import epochgraph as e\n"
            "t = e.get_tracker()\n"
            "assert t is e.get_tracker() and isinstance(t, e.MongoExperimentTracker) and isinstance(t, e.ExperimentTracker)\n"
            "assert e.get_tracker(timeout=5) is not t\n"
            "u = e.MongoExperimentTracker('mongodb://user:secret@host:27017', db_name='eeg2025')\n"
            "print(t.url, t.spool, u.url)",
            EPOCHGRAPH_URL="http://127.0.0.1:1/graphql",
            EPOCHGRAPH_SPOOL=self.spool,
        )
        self.assertEqual(done.stdout.split(), ["http://127.0.0.1:1/graphql", self.spool, "http://127.0.0.1:1/graphql"])
        self.assertIn("has no meaning here", done.stderr)
        self.assertNotIn("secret", done.stderr)
        self.assertEqual(python("-c", "import epochgraph; print(epochgraph.get_tracker().url)").stdout, "http://127.0.0.1:4000/graphql\n")

    def test_nothing_is_made_before_something_is_logged(self) -> None:
        before = threading.active_count()
        tracker = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        self.assertTrue(tracker.flush(1))
        tracker.close()
        self.assertEqual(threading.active_count(), before)
        self.assert_spool_is_empty()

    def test_ids(self) -> None:
        ids = {new_object_id() for _ in range(1000)}
        self.assertEqual(len(ids), 1000)
        for identity in ids:
            self.assertEqual(as_object_id(identity), identity)
        for wrong in ("", "x" * 24, "0" * 23, None, 5):
            with self.assertRaises(ValueError):
                as_object_id(wrong)


class Package(unittest.TestCase):
    def test_it_parses_as_the_oldest_python_that_it_is_for(self) -> None:
        files = sorted((PACKAGE / "epochgraph").glob("*.py"))
        self.assertGreater(len(files), 20)
        for path in files:
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))

    def test_it_imports_nothing_but_the_standard_library_and_itself(self) -> None:
        # The adapters alone import the library that they are for.
        allowed = {"lightning.py": {"lightning", "pytorch_lightning"}, "keras.py": {"keras", "tensorflow"}}
        standard = getattr(sys, "stdlib_module_names", None)
        for path in (PACKAGE / "epochgraph").glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and not node.level:
                    names = [node.module or ""]
                for name in names:
                    top = name.split(".")[0]
                    if top not in allowed.get(path.name, set()) and standard is not None:
                        self.assertIn(top, standard, path.name)

    def test_the_adapters_are_not_imported_with_the_package(self) -> None:
        done = python("-c", "import epochgraph, sys; print([m for m in sys.modules if m in ('epochgraph.lightning', 'epochgraph.keras')])")
        self.assertEqual(done.stdout, "[]\n")

    def test_its_version_is_the_projects(self) -> None:
        manifest = (PACKAGE.parent.parent / "package.json").read_text(encoding="utf-8")
        self.assertEqual(epochgraph.__version__, re.search(r'"version": "([^"]+)"', manifest)[1])

    def test_its_types_are_for_others_to_see(self) -> None:
        self.assertTrue((PACKAGE / "epochgraph" / "py.typed").exists())
        for kind in (ExperimentTracker, MongoExperimentTracker):
            for name in ("create_experiment", "log_epoch", "search_experiments"):
                self.assertTrue(getattr(kind, name).__annotations__, name)
        self.assertTrue(callable(get_tracker))
        self.assertTrue(Path(PACKAGE / "pyproject.toml").exists())


if __name__ == "__main__":
    unittest.main()
