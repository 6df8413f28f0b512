"""Searches and answers in the way of the old class."""

from __future__ import annotations

import math
import re
import unittest
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List

from epochgraph import EpochgraphError, QueryError, Refused, Unreachable
from epochgraph.documents import project
from epochgraph.filters import experiment_filter, experiment_orders
from tests.support import SpoolTest, free_port

CHALLENGE = 52


class Found(SpoolTest):
    ids: Dict[str, str] = {}

    def setUp(self) -> None:
        super().setUp()
        self.reader = self.tracker()
        if not Found.ids:
            self.log()

    def log(self) -> None:
        tracker = self.tracker()
        begin = datetime(2025, 10, 1)
        runs: List[Dict[str, Any]] = [
            {"name": "a", "model": {"name": "EEGNeX"}, "config": {"device": "cpu", "batch_size": 16, "s": {"gamma": 0.5}}, "tags": ["x", "y"], "losses": [0.5, 0.25], "status": "completed"},
            {"name": "b", "model": {"name": "EEGNet"}, "config": {"device": "cuda:0", "batch_size": 32}, "tags": ["y"], "losses": [math.nan, 0.75], "status": "completed"},
            {"name": "c", "model": {"name": "EEGNeX"}, "config": {"device": "cpu"}, "tags": [], "losses": [math.nan], "status": "failed"},
            {"name": "a.b(c)", "config": {}, "losses": [], "status": "running", "dataset": {"releases": ["R9"]}},
        ]
        for number, run in enumerate(runs):
            losses, status, name = run.pop("losses"), run.pop("status"), run.pop("name")
            identity = tracker.create_experiment(
                experiment_name=f"read {name}", challenge=CHALLENGE, start_time=begin + timedelta(days=number),
                parent_experiment_id=Found.ids.get("a"), created_by="reader", hostname="here", **run,
            )
            Found.ids[name] = identity
            for epoch, loss in enumerate(losses):
                tracker.log_epoch(identity, epoch, {"train_loss": 1.0, "val_loss": loss}, {"duration_seconds": 5})
            if status != "running":
                tracker.update_experiment_status(identity, status, end_time=begin + timedelta(days=number, hours=3), metrics={"own": number})
        self.assertTrue(tracker.flush(30))

    def names(self, query: Dict[str, Any], **options: Any) -> List[str]:
        found = self.reader.search_experiments({"challenge": CHALLENGE, **query}, **options)
        return [document["experiment_name"][len("read ") :] for document in found]

    def test_queries(self) -> None:
        sort = [("start_time", 1)]
        begin = datetime(2025, 10, 1)
        for query, wanted in (
            ({}, ["a", "b", "c", "a.b(c)"]),
            ({"status": "completed"}, ["a", "b"]),
            ({"status": {"$ne": "completed"}}, ["c", "a.b(c)"]),
            ({"status": {"$in": ["failed", "running"]}}, ["c", "a.b(c)"]),
            ({"status": {"$nin": ["failed", "running"]}}, ["a", "b"]),
            ({"experiment_name": "read b"}, ["b"]),
            ({"experiment_name": {"$regex": r"a\.b\("}}, ["a.b(c)"]),
            ({"experiment_name": re.compile("^read a")}, ["a", "a.b(c)"]),
            ({"experiment_name": {"$in": ["read a", "read c"]}}, ["a", "c"]),
            ({"model.name": "EEGNeX"}, ["a", "c"]),
            ({"tags": "y"}, ["a", "b"]),
            ({"tags": {"$all": ["x", "y"]}}, ["a"]),
            ({"tags": {"$in": ["x", "z"]}}, ["a"]),
            ({"tags": {"$nin": ["x"]}}, ["b", "c", "a.b(c)"]),
            ({"dataset.releases": "R9"}, ["a.b(c)"]),
            ({"config.device": "cpu"}, ["a", "c"]),
            ({"config.batch_size": {"$gte": 16, "$lt": 32}}, ["a"]),
            ({"config.s.gamma": 0.5}, ["a"]),
            ({"config.batch_size": {"$exists": False}}, ["c", "a.b(c)"]),
            ({"config.device": {"$in": ["cuda:0", "mps"]}}, ["b"]),
            ({"metrics.best_val_loss": {"$lt": 0.5}}, ["a"]),
            ({"metrics.own": 1}, ["b"]),
            ({"metrics.own": {"$ne": 1}}, ["a", "c", "a.b(c)"]),
            ({"metrics.own": None}, ["a.b(c)"]),
            ({"metrics.own": {"$ne": None, "$gt": 0}}, ["b", "c"]),
            ({"start_time": {"$gte": begin + timedelta(days=2)}}, ["c", "a.b(c)"]),
            ({"start_time": {"$gt": begin, "$lte": datetime(2025, 10, 2, 2, tzinfo=timezone(timedelta(hours=2)))}}, ["b"]),
            ({"end_time": {"$lt": begin + timedelta(days=1)}}, ["a"]),
            ({"_id": Found.ids["b"]}, ["b"]),
            ({"_id": {"$in": [Found.ids["b"], Found.ids["c"]]}}, ["b", "c"]),
            ({"parent_experiment_id": Found.ids["a"]}, ["b", "c", "a.b(c)"]),
            ({"$or": [{"tags": "x"}, {"status": "failed"}]}, ["a", "c"]),
            ({"$and": [{"tags": "y"}, {"config.device": "cpu"}]}, ["a"]),
            ({"$nor": [{"tags": "y"}, {"status": "failed"}]}, ["a.b(c)"]),
            ({"config.device": {"$not": {"$eq": "cpu"}}}, ["b", "a.b(c)"]),
            ({"created_by": "reader", "hostname": {"$ne": "there"}}, ["a", "b", "c", "a.b(c)"]),
            ({"challenge": {"$in": [CHALLENGE - 1000, CHALLENGE]}}, ["a", "b", "c", "a.b(c)"]),
        ):
            with self.subTest(query=query):
                self.assertEqual(self.names(query, sort=sort), wanted)

    def test_sorts_and_limits(self) -> None:
        self.assertEqual(self.names({}), ["a.b(c)", "c", "b", "a"])
        self.assertEqual(self.names({}, limit=2), ["a.b(c)", "c"])
        self.assertEqual(self.names({}, sort="experiment_name"), ["a", "a.b(c)", "b", "c"])
        # Missing and NaN come last either way.
        self.assertEqual(self.names({}, sort=[("metrics.best_val_loss", 1), ("start_time", 1)]), ["a", "b", "c", "a.b(c)"])
        self.assertEqual(self.names({}, sort=[("metrics.best_val_loss", -1), ("start_time", 1)]), ["b", "a", "c", "a.b(c)"])
        self.assertEqual(self.names({}, sort={"config.batch_size": -1}, limit=1), ["b"])

    def test_pages_past_a_hundred(self) -> None:
        tracker = self.tracker()
        for number in range(230):
            tracker.create_experiment(experiment_name=f"page {number:03}", challenge=CHALLENGE + 1)
        found = tracker.search_experiments({"challenge": CHALLENGE + 1}, {"experiment_name": 1, "_id": 0}, "experiment_name")
        self.assertEqual(found, [{"experiment_name": f"page {number:03}"} for number in range(230)])
        self.assertEqual(len(tracker.search_experiments({"challenge": CHALLENGE + 1}, limit=150)), 150)

    def test_documents(self) -> None:
        history = self.reader.get_experiment_history(Found.ids["b"])
        experiment = history["experiment"]
        self.assertEqual(experiment["_id"], Found.ids["b"])
        self.assertEqual((experiment["start_time"], experiment["end_time"]), (datetime(2025, 10, 2), datetime(2025, 10, 2, 3)))
        self.assertEqual((experiment["status"], experiment["tags"], experiment["hostname"]), ("completed", ["y"], "here"))
        self.assertEqual(experiment["parent_experiment_id"], Found.ids["a"])
        self.assertEqual(experiment["metrics"]["best_val_loss"], 0.75)
        first = history["epochs"][0]
        self.assertTrue(math.isnan(first["metrics"]["val_loss"]))
        self.assertEqual((first["epoch"], first["experiment_id"], first["timing"]), (0, Found.ids["b"], {"duration_seconds": 5}))
        self.assertIsNone(first["timestamp"].tzinfo)
        self.assertEqual(history["checkpoints"], [])

    def test_a_long_history(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="long history")
        for epoch in range(2100):
            tracker.log_epoch(run, epoch, {"a": epoch})
        epochs = tracker.get_experiment_history(run)["epochs"]
        self.assertEqual([item["metrics"] for item in epochs], [{"a": epoch} for epoch in range(2100)])

    def test_best_and_reports(self) -> None:
        best = self.reader.get_best_models(CHALLENGE, 1)
        self.assertEqual([item["experiment_name"] for item in best], ["read a"])
        [challenge] = [item for item in self.reader.best_per_challenge() if item["_id"] == CHALLENGE]
        self.assertEqual((challenge["best_experiment"]["experiment_name"], challenge["count"]), ("read a", 2))
        self.assertIn("EEGNeX", [item["_id"] for item in self.reader.training_time_by_model()])
        self.assertEqual([item["_id"] for item in self.reader.compare_experiments([Found.ids["b"], Found.ids["a"]])], [Found.ids["b"], Found.ids["a"]])

    def test_what_is_not_there_or_makes_no_sense_raises_a_sentence(self) -> None:
        for call, kind, sentence in (
            (lambda: self.reader.get_experiment_history("0" * 24), Refused, "does not exist"),
            (lambda: self.reader.compare_experiments([Found.ids["a"], "0" * 24]), Refused, "does not exist"),
            (lambda: self.reader.get_experiment_history("x"), ValueError, "no experiment id"),
            (lambda: self.reader.get_best_models(1, 0), QueryError, "1 to 100"),
            (lambda: self.reader.query("{ nonsense }"), EpochgraphError, "nonsense"),
            (lambda: self.reader.experiments.aggregate([]), QueryError, "best_per_challenge"),
            (lambda: self.tracker(f"http://127.0.0.1:{free_port()}/graphql").search_experiments(), Unreachable, "can't be reached"),
            (lambda: self.tracker("nonsense").search_experiments(), EpochgraphError, "no address of a server"),
        ):
            with self.assertRaises(kind) as raised:
                call()
            self.assertIn(sentence, str(raised.exception))

    def test_reads_see_what_was_just_logged(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(experiment_name="just now")
        tracker.log_epoch(run, 0, {"a": 1})
        self.assertEqual(len(tracker.get_experiment_history(run)["epochs"]), 1)


class Translation(unittest.TestCase):
    def test_nothing_is_everything(self) -> None:
        self.assertIsNone(experiment_filter(None))
        self.assertIsNone(experiment_filter({}))
        self.assertIsNone(experiment_orders(None))

    def test_what_has_no_counterpart_is_a_sentence(self) -> None:
        for query, sentence in (
            ({"nonsense": 1}, "can't search by 'nonsense'"),
            ({"$where": "1"}, "$where has no counterpart"),
            ({"status": "done"}, "takes one of running"),
            ({"status": {"$gt": "a"}}, "$gt has no counterpart for status"),
            ({"challenge": "two"}, "takes integers"),
            ({"experiment_name": {"$regex": "a.*b"}}, "has wildcards"),
            ({"experiment_name": {"$regex": r"\d"}}, "has wildcards"),
            ({"experiment_name": re.compile("a", re.IGNORECASE)}, "told apart"),
            ({"start_time": datetime(2025, 1, 1)}, "$eq has no counterpart for start_time"),
            ({"start_time": {"$gte": "yesterday"}}, "takes a datetime"),
            ({"config.a": {"$gt": "x"}}, "takes finite numbers"),
            ({"config.a": object()}, "can't be sent"),
            ({"metrics.a": {"$gt": math.nan}}, "takes finite numbers"),
            ({"$or": {"a": 1}}, "takes a list"),
            ([1], "a query is a mapping"),
        ):
            with self.subTest(query=query), self.assertRaises(QueryError) as raised:
                experiment_filter(query)
            self.assertIn(sentence, str(raised.exception))
        for sort in ([("nonsense", 1)], [("start_time", 2)]):
            with self.assertRaises(QueryError):
                experiment_orders(sort)

    def test_projections(self) -> None:
        document = {"_id": "1", "a": 1, "config": {"x": 1, "y": 2}}
        for projection, wanted in (
            (None, document),
            ({"a": 1}, {"_id": "1", "a": 1}),
            (["a"], {"_id": "1", "a": 1}),
            ({"config.x": True, "_id": 0}, {"config": {"x": 1}}),
            ({"config.x": 0}, {"_id": "1", "a": 1, "config": {"y": 2}}),
            ({"_id": 0}, {"a": 1, "config": {"x": 1, "y": 2}}),
            ({"none": 1}, {"_id": "1"}),
        ):
            self.assertEqual(project(document, projection), wanted)
        self.assertEqual(document["config"], {"x": 1, "y": 2})
        for projection in ({"a": 1, "b": 0}, {"a": {"$slice": 1}}):
            with self.assertRaises(QueryError):
                project(document, projection)


if __name__ == "__main__":
    unittest.main()
