"""Trainers and deliveries that are killed, and trainers side by side."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path
from typing import Any, Dict, List, Tuple
from unittest import mock

from epochgraph import ExperimentTracker, sender, spool
from epochgraph.spool_files import journal_names
from tests.support import SpoolTest, free_port, python, python_environment, until

# Logs epochs as fast as it can, and prints the number of each once the tracker has it. Ends when it is killed.
TRAINER = """
import sys
from epochgraph import ExperimentTracker
url, spool, name = sys.argv[1:]
tracker = ExperimentTracker(url, spool=spool)
run = tracker.create_experiment(experiment_name=name)
print(run, flush=True)
for epoch in range(100000):
    tracker.log_epoch(run, epoch, {"loss": epoch / 7, "twice": epoch * 2})
    print(epoch, flush=True)
"""

KILL_ROUNDS = 100


def values(epoch: int) -> Dict[str, float]:
    return {"loss": epoch / 7, "twice": epoch * 2}


@unittest.skipUnless(hasattr(signal, "SIGKILL"), "no SIGKILL")
class Killed(SpoolTest):
    def round(self, url: str, name: str) -> Tuple[str, int]:
        """Starts a trainer, kills it at a random moment, and returns its run (or "") and the last epoch that it said."""
        process = subprocess.Popen(
            [sys.executable, "-c", TRAINER, url, self.spool, name],
            env=python_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        # Half of the kills come while it starts, where files and locks are made.
        run = process.stdout.readline().strip() if random.random() < 0.5 else ""
        time.sleep(random.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        process.wait()
        process.stdout.close()
        # What is behind the last newline may be half a number.
        said = [line for line in rest[:-1] if line]
        if not run and said:
            run = said.pop(0)
        return run, int(said[-1]) if said else -1

    def test_trainers_killed_at_random_points_lose_nothing_that_the_tracker_took(self) -> None:
        # Every other trainer finds the server; meanwhile, deliveries are killed, too.
        nobody = f"http://127.0.0.1:{free_port()}/graphql"
        rounds: List[Tuple[str, int]] = []
        for number in range(KILL_ROUNDS):
            rounds.append(self.round(self.server.url if number % 2 else nobody, "killed"))
            if number % 10 == 9:
                self.kill_a_sync()
        done = self.sync("--url", self.server.url)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(" 0 refused", done.stdout)
        began = [(run, last) for run, last in rounds if run]
        self.assertGreater(len(began), KILL_ROUNDS // 3)
        self.assertGreater(max(last for _, last in began), 10)
        for run, last in began:
            stored = self.server.metrics(run)
            # All that was said is there; at the most, one more was taken and not said any more.
            self.assertEqual(stored, {epoch: values(epoch) for epoch in range(len(stored))})
            self.assertIn(len(stored) - 1, (last, last + 1), run)
        self.assertEqual(len(self.server.ids_named("killed")), min(100, len(set(self.server.ids_named("killed")))))
        self.assertEqual([name for name in os.listdir(self.spool) if not name.endswith(".refused.jsonl")], [])

    def kill_a_sync(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "epochgraph", "sync", self.spool, "--url", self.server.url],
            env=python_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(random.uniform(0.05, 0.3))
        process.kill()
        process.wait()

    def test_a_sync_killed_in_the_middle_leaves_nothing_out_and_nothing_twice(self) -> None:
        proxy = self.proxy()
        proxy.mode = "refuse"
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="sync killed")
        for epoch in range(4500):
            tracker.log_epoch(run, epoch, values(epoch))
        tracker.update_experiment_status(run, "completed")
        tracker.close(0)
        proxy.mode = "pass"
        killed = 0
        while journal_names(self.spool) and killed < 4:
            proxy.requests.clear()
            process = subprocess.Popen(
                [sys.executable, "-m", "epochgraph", "sync", self.spool],
                env=python_environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            until(lambda: len(proxy.requests) >= 2 or process.poll() is not None, "some requests")
            process.kill()
            process.wait()
            killed += 1
        done = self.sync()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(killed, 3)
        self.assertEqual(self.server.metrics(run), {epoch: values(epoch) for epoch in range(4500)})
        self.assertEqual(self.server.experiment(run)["status"], "COMPLETED")
        self.assert_spool_is_empty()

    def test_a_torn_last_line_is_set_aside_and_told_of(self) -> None:
        tracker = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        run = tracker.create_experiment(experiment_name="torn")
        for epoch in range(5):
            tracker.log_epoch(run, epoch, values(epoch))
        tracker.close(0)
        [segment] = Path(self.spool).glob("*.000001.jsonl")
        whole = segment.read_bytes()
        segment.write_bytes(whole[:-20])
        done = self.sync("--url", self.server.url)
        self.assertIn("5 delivered (5 created, 0 replaced, 0 unchanged, 0 updated), 0 refused, 1 unreadable lines", done.stdout)
        self.assertEqual(sorted(self.server.metrics(run)), [0, 1, 2, 3])
        [refused] = Path(self.spool).glob("*.refused.jsonl")
        entry = json.loads(refused.read_text())
        self.assertEqual(entry["code"], "UNREADABLE")
        self.assertIn('"epoch":4', entry["line"])

    def test_damage_anywhere_costs_the_damaged_lines_alone(self) -> None:
        tracker = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        run = tracker.create_experiment(experiment_name="damaged")
        for epoch in range(10):
            tracker.log_epoch(run, epoch, values(epoch))
        tracker.close(0)
        [segment] = Path(self.spool).glob("*.000001.jsonl")
        lines = segment.read_bytes().split(b"\n")
        # Header, creation, ten epochs. A crash of the machine may leave zeros, and a bad disk anything.
        lines[3] = b"\0" * 100
        lines[5] = lines[5].replace(b'"epoch":3', b'"epoch":"\xff')
        lines[7] = b'{"op":"dropDatabase","of":"' + b"0" * 24 + b'","input":{}}'
        segment.write_bytes(b"\n".join(lines))
        done = self.sync("--url", self.server.url)
        self.assertIn("3 unreadable lines", done.stdout)
        self.assertEqual(sorted(self.server.metrics(run)), [0, 2, 4, 6, 7, 8, 9])

    def test_the_offset_file_may_be_lost_or_damaged(self) -> None:
        proxy = self.proxy()
        tracker = self.tracker(proxy.url)
        run = tracker.create_experiment(experiment_name="offset")
        for epoch in range(5):
            tracker.log_epoch(run, epoch, values(epoch))
        self.assertTrue(tracker.flush(30))
        proxy.mode = "refuse"
        tracker.log_epoch(run, 5, values(5))
        tracker.close(0)
        [offset] = Path(self.spool).glob("*.delivered")
        offset.write_text("nonsense")
        # Everything goes again, and the server holds each record once.
        self.assertIn("7 delivered (1 created, 0 replaced, 6 unchanged, 0 updated)", self.sync("--url", self.server.url).stdout)
        self.assertEqual(self.server.metrics(run), {epoch: values(epoch) for epoch in range(6)})


class SideBySide(SpoolTest):
    def test_two_trainers_and_a_sync_in_one_folder(self) -> None:
        script = """
import sys
from epochgraph import ExperimentTracker
with ExperimentTracker(sys.argv[1], spool=sys.argv[2]) as tracker:
    run = tracker.create_experiment(experiment_name="side by side")
    for epoch in range(1000):
        tracker.log_epoch(run, epoch, {"loss": epoch / 7, "twice": epoch * 2})
    tracker.update_experiment_status(run, "completed")
print(run, tracker.counts().delivered)
"""
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", script, self.server.url, self.spool],
                env=python_environment(),
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        while any(process.poll() is None for process in processes):
            # Their files are theirs as long as they live.
            done = self.sync()
            self.assertEqual((done.returncode, done.stdout.split()[0]), (0, "0"), done.stdout)
        for process in processes:
            run, delivered = process.communicate()[0].split()
            self.assertEqual((process.returncode, delivered), (0, "1002"))
            self.assertEqual(self.server.metrics(run), {epoch: values(epoch) for epoch in range(1000)})
        self.assert_spool_is_empty()

    def test_a_living_trainers_files_are_not_touched(self) -> None:
        tracker = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        run = tracker.create_experiment(experiment_name="alive")
        done = self.sync("--url", self.server.url)
        self.assertIn("is in use by its own process", done.stderr)
        self.assertIsNone(self.server.experiment(run))
        # Nor by another tracker of the same process.
        other = self.tracker()
        another = other.create_experiment(experiment_name="other")
        self.assertTrue(other.flush(30))
        until(lambda: other._sender._next_leftovers > 0, "a look for leftovers")
        self.assertIsNotNone(self.server.experiment(another))
        self.assertIsNone(self.server.experiment(run))
        self.assertEqual(len(journal_names(self.spool)), 2)
        # Nor under another name of the folder.
        alias = self.spool + "-alias"
        os.symlink(self.spool, alias)
        self.addCleanup(os.unlink, alias)
        third = ExperimentTracker(self.server.url, spool=alias)
        self.addCleanup(third.close, 0)
        third.create_experiment(experiment_name="third")
        self.assertTrue(third.flush(30))
        until(lambda: third._sender._next_leftovers > 0, "a look for leftovers")
        self.assertIn("is in use by its own process", self.sync("--url", self.server.url).stderr)
        self.assertIsNone(self.server.experiment(run))

    def test_a_run_of_another_process_is_created_before_its_epochs(self) -> None:
        nobody = f"http://127.0.0.1:{free_port()}/graphql"
        first = self.tracker(nobody)
        parent = first.create_experiment(experiment_name="parent of two")
        run = first.create_experiment(experiment_name="of two", parent_experiment_id=parent, config={"a": 1})
        # This process's epochs come first, while the one that created the run is alive and its records undelivered.
        second = self.tracker()
        second.log_epoch(run, 0, {"loss": 1.0})
        self.assertTrue(second.flush(30))
        self.assertEqual(second.counts().refused, 0)
        self.assertEqual(self.server.metrics(run), {0: {"loss": 1.0}})
        stored = self.server.experiment(run)
        self.assertEqual((stored["config"]["all"], stored["parent"]), ({"a": 1}, {"id": parent}))
        first.close(0)
        self.assertIn("2 delivered (0 created, 0 replaced, 2 unchanged", self.sync("--url", self.server.url).stdout)

    def test_a_run_that_its_process_delivers_at_this_very_moment(self) -> None:
        first = self.tracker(f"http://127.0.0.1:{free_port()}/graphql")
        run = first.create_experiment(experiment_name="this moment")
        find = spool.find_creation

        def late(folder: str, identity: str) -> Any:
            # Between the server's "there is no such run" and the look into the journals, the other process delivers.
            create = "mutation($i: CreateExperimentInput!) { createExperiment(input: $i) { outcome } }"
            self.server.data(create, i=find(folder, identity).content())
            return None

        with mock.patch.object(sender, "find_creation", late):
            second = self.tracker()
            second.log_epoch(run, 0, {"loss": 1.0})
            self.assertTrue(second.flush(30))
        self.assertEqual((second.counts().refused, self.server.metrics(run)), (0, {0: {"loss": 1.0}}))


@unittest.skipUnless(hasattr(os, "fork"), "no fork")
class Forks(SpoolTest):
    def test_a_fork_logs_to_a_journal_of_its_own(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="forked")
        for epoch in range(500):
            tracker.log_epoch(run, epoch, values(epoch))
        children = []
        for number in range(1, 4):
            child = os.fork()
            if child == 0:
                # As multiprocessing does it: no exit handlers run in the child.
                status = 1
                try:
                    for epoch in range(number * 500, number * 500 + 500):
                        tracker.log_epoch(run, epoch, values(epoch))
                    status = 0
                finally:
                    os._exit(status)
            children.append(child)
        for epoch in range(2000, 2500):
            tracker.log_epoch(run, epoch, values(epoch))
        for child in children:
            self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertTrue(tracker.flush(60))
        tracker.close()
        self.assertEqual(tracker.counts().delivered, 1001)
        self.assertEqual(self.sync().returncode, 0)
        self.assertEqual(self.server.metrics(run), {epoch: values(epoch) for epoch in range(2500)})
        self.assert_spool_is_empty()

    def test_forks_at_any_moment_neither_hang_nor_lose(self) -> None:
        # The fork may come while the delivering thread holds any of the tracker's locks.
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="forked often")
        for number in range(40):
            tracker.log_epoch(run, 2 * number, values(2 * number))
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                try:
                    tracker.log_epoch(run, 2 * number + 1, values(2 * number + 1))
                    if number % 2:
                        tracker.close(10)
                finally:
                    os._exit(0)
            self.assertEqual(os.waitpid(child, 0)[1], 0, number)
        tracker.close()
        self.sync()
        self.assertEqual(self.server.metrics(run), {epoch: values(epoch) for epoch in range(80)})

    def test_multiprocessing_and_pickling(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="processes")
        for method in ("fork", "spawn"):
            context = multiprocessing.get_context(method)
            process = context.Process(target=_log_in_child, args=(tracker, run, 0 if method == "fork" else 1))
            process.start()
            process.join(60)
            self.assertEqual(process.exitcode, 0)
        tracker.close()
        self.sync()
        self.assertEqual(sorted(self.server.metrics(run)), [0, 1])


def _log_in_child(tracker: ExperimentTracker, run: str, epoch: int) -> None:
    tracker.log_epoch(run, epoch, {"loss": 1.0})
    tracker.close()


class Ends(SpoolTest):
    def test_the_end_of_a_script_delivers_without_close(self) -> None:
        script = """
import gc
from epochgraph import ExperimentTracker

def train():
    tracker = ExperimentTracker()
    run = tracker.create_experiment(experiment_name="no close")
    for epoch in range(50):
        tracker.log_epoch(run, epoch, {"loss": epoch / 7, "twice": epoch * 2})
    print(run)

train()
gc.collect()
"""
        for ending in ("", "raise SystemExit(3)", "raise RuntimeError('x')", "import sys; sys.exit()"):
            done = python("-c", script + ending, EPOCHGRAPH_URL=self.server.url, EPOCHGRAPH_SPOOL=self.spool)
            self.assertEqual(self.server.metrics(done.stdout.strip()), {epoch: values(epoch) for epoch in range(50)})
            self.assert_spool_is_empty()

    def test_a_script_whose_server_is_away_ends_soon_and_says_how_to_deliver(self) -> None:
        script = """
from epochgraph import get_tracker
tracker = get_tracker()
tracker.log_epoch(tracker.create_experiment(experiment_name="later"), 0, {"loss": 1})
"""
        done = python("-c", script, EPOCHGRAPH_URL=f"http://127.0.0.1:{free_port()}/graphql", EPOCHGRAPH_SPOOL=self.spool)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "2 records are not delivered .*Connection refused")
        [command] = re.findall(r"or: (.*)", done.stderr)
        self.assertTrue(command.endswith(f"-m epochgraph sync {self.spool}"))


if __name__ == "__main__":
    unittest.main()
