"""What the server refuses, and what can not be sent: the rest of the records goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List
from unittest import mock

from epochgraph import records, sender, transport
from tests.support import SpoolTest, until


def epochgraph_status(folder: str) -> Any:
    from tests.support import command

    return command("status", folder)


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


if __name__ == "__main__":
    unittest.main()
