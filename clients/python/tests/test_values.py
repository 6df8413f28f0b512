"""What a training has at hand, and what of it the API takes."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import math
import sys
import unittest
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, Dict, List, Tuple

from epochgraph.values import LeftOut, instant_of, json_of, metrics_of, number_of, object_of, quantity_of
from tests.support import SpoolTest, command

try:
    import numpy
except ImportError:
    numpy = None
    print("NumPy's own scalars were NOT tested: it is not installed here. Stand-ins were.", file=sys.stderr)


class Scalar:
    """What NumPy's, PyTorch's and JAX's scalars have in common: `item()` gives a Python number."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


class Floatable:
    """As a TensorFlow scalar: no `item()`, but `float()` of it works."""

    def __float__(self) -> float:
        return 0.75


class Array:
    """As a one-dimensional array or tensor: `item()` refuses, `tolist()` works."""

    def __init__(self, values: List[Any]) -> None:
        self.values = values
        self.size = len(values)

    def item(self) -> Any:
        raise ValueError("only one-element arrays can be converted")

    def tolist(self) -> List[Any]:
        return list(self.values)


class Broken:
    """Fails at everything that is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")

    def __repr__(self) -> str:
        raise RuntimeError("no text")


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Settings:
    depth: int
    name: str


def metrics(given: Any) -> Tuple[Dict[str, Any], List[str]]:
    left_out = LeftOut()
    return metrics_of(given, left_out), [key for key, _, _ in left_out.parts]


def as_json(given: Any) -> Tuple[Any, List[str]]:
    left_out = LeftOut()
    return object_of(given, "config", left_out), [key for key, _, _ in left_out.parts]


class Metrics(unittest.TestCase):
    def test_numbers_of_all_kinds(self) -> None:
        given = {
            "float": 0.5,
            "int": 3,
            "bool": True,
            "nan": math.nan,
            "inf": math.inf,
            "-inf": -math.inf,
            "decimal": Decimal("0.25"),
            "fraction": Fraction(1, 4),
            "item": Scalar(0.125),
            "item nan": Scalar(math.nan),
            "item int": Scalar(7),
            "item bool": Scalar(False),
            "floatable": Floatable(),
            "none": None,
            "large": 2**60,
        }
        result, left_out = metrics(given)
        self.assertEqual(left_out, [])
        self.assertEqual(
            result,
            {
                "float": 0.5,
                "int": 3,
                "bool": 1,
                "nan": "NaN",
                "inf": "Infinity",
                "-inf": "-Infinity",
                "decimal": 0.25,
                "fraction": 0.25,
                "item": 0.125,
                "item nan": "NaN",
                "item int": 7,
                "item bool": 0,
                "floatable": 0.75,
                "large": float(2**60),
            },
        )
        self.assertIs(type(result["bool"]), int)
        self.assertIs(type(result["large"]), float)

    def test_nested_ones_are_joined_by_dots(self) -> None:
        self.assertEqual(metrics({"val": {"loss": 0.5, "r1": {"mae": math.nan}}, 3: 1.0})[0], {"val.loss": 0.5, "val.r1.mae": "NaN", "3": 1.0})

    def test_what_is_no_number_is_left_out_with_its_key_and_the_rest_stays(self) -> None:
        given = {
            "good": 1.0,
            "text": "0.5",
            "list": [1, 2],
            "array": Array([1.0, 2.0]),
            "broken": Broken(),
            "raises": Scalar(RuntimeError("cuda")),
            "complex": 1j,
            "huge": 10**400,
            "": 1.0,
            "nul\0": 1.0,
            "half \ud800": 1.0,
            "also good": 2.0,
        }
        result, left_out = metrics(given)
        self.assertEqual(result, {"good": 1.0, "also good": 2.0})
        self.assertEqual(len(left_out), 10)
        for key in ("metrics.text", "metrics.list", "metrics.array", "metrics.broken", "metrics.raises", "metrics.huge"):
            self.assertIn(key, left_out)

    def test_metrics_that_are_no_mapping(self) -> None:
        self.assertEqual(metrics([1, 2]), ({}, ["metrics"]))
        self.assertEqual(metrics(None), ({}, []))

    def test_numpy(self) -> None:
        if numpy is None:
            # Told of above; the stand-ins stand for it.
            self.assertNotIn("numpy", sys.modules)
            return
        given = {
            "f32": numpy.float32(0.5),
            "f64": numpy.float64("nan"),
            "i64": numpy.int64(5),
            "b": numpy.bool_(True),
            "0-d": numpy.array(0.25, dtype=numpy.float16),
            "1-d of one": numpy.array([0.75]),
            "1-d": numpy.array([1.0, 2.0]),
            "inf": numpy.float32("inf"),
        }
        result, left_out = metrics(given)
        self.assertEqual(
            result,
            {"f32": 0.5, "f64": "NaN", "i64": 5, "b": 1, "0-d": 0.25, "1-d of one": 0.75, "inf": "Infinity"},
        )
        self.assertEqual(left_out, ["metrics.1-d"])
        described = {"a": numpy.arange(3), "b": numpy.float32(0.5), "c": numpy.bool_(False), "d": numpy.dtype("float32")}
        self.assertEqual(as_json(described), ({"a": [0, 1, 2], "b": 0.5, "c": False, "d": "float32"}, []))
        self.assertEqual(instant_of(numpy.datetime64("2025-01-02T03:04:05"), "t", LeftOut()), "2025-01-02T03:04:05.000Z")


class Objects(unittest.TestCase):
    def test_what_configurations_hold(self) -> None:
        given = {
            "a": 1,
            "b": [1, (2, {3})],
            "path": Path("x") / "y",
            "pure": PurePosixPath("/z"),
            "when": datetime(2025, 1, 2, 3, 4, 5),
            "day": date(2025, 1, 2),
            "decimal": Decimal("0.5"),
            "enum": Color.RED,
            "nan": math.nan,
            "seed": 2**63,
            "data": Settings(3, "x"),
            "args": argparse.Namespace(lr=0.1),
            "scalar": Scalar(4),
            "array": Array([1, 2]),
            "nested": {"deep": {"er": None}},
            1: True,
            "surrogate": "a\udcffb",
        }
        result, left_out = as_json(given)
        self.assertEqual(left_out, [])
        self.assertEqual(
            result,
            {
                "a": 1,
                "b": [1, [2, [3]]],
                "path": str(Path("x") / "y"),
                "pure": "/z",
                "when": "2025-01-02T03:04:05.000Z",
                "day": "2025-01-02T00:00:00.000Z",
                "decimal": 0.5,
                "enum": "red",
                "nan": "NaN",
                "seed": str(2**63),
                "data": {"depth": 3, "name": "x"},
                "args": {"lr": 0.1},
                "scalar": 4,
                "array": [1, 2],
                "nested": {"deep": {"er": None}},
                "1": True,
                "surrogate": "a\\udcffb",
            },
        )

    def test_what_can_not_be_sent_is_named_by_its_path(self) -> None:
        loop: Dict[str, Any] = {}
        loop["self"] = loop
        given = {
            "good": 1,
            "function": len,
            "inner": {"cls": int, "ok": 2},
            "list": [1, object(), 3],
            "broken": Broken(),
            "__proto__": 1,
            "": 1,
            "bytes": b"x",
            "big": Array([0] * 10_001),
            "loop": loop,
        }
        result, left_out = as_json(given)
        self.assertEqual({key: result[key] for key in ("good", "inner", "list")}, {"good": 1, "inner": {"ok": 2}, "list": [1, 3]})
        self.assertEqual(set(result), {"good", "inner", "list", "loop"})
        for key in ("config.function", "config.inner.cls", "config.list[1]", "config.broken", "config.bytes", "config.big"):
            self.assertIn(key, left_out)
        self.assertEqual(len(left_out), 9)

    def test_what_is_no_object(self) -> None:
        self.assertEqual(as_json([1]), (None, ["config"]))
        self.assertEqual(as_json(None), (None, []))


class Instants(unittest.TestCase):
    def test_all_kinds(self) -> None:
        wanted = "2025-10-20T16:41:00.000Z"
        east = timezone(timedelta(hours=2))
        for given in (
            datetime(2025, 10, 20, 16, 41),
            datetime(2025, 10, 20, 16, 41, tzinfo=timezone.utc),
            datetime(2025, 10, 20, 18, 41, tzinfo=east),
            "2025-10-20T16:41:00",
            "2025-10-20T16:41:00Z",
            "2025-10-20 18:41:00+02:00",
            1760978460,
            1760978460.0,
        ):
            left_out = LeftOut()
            self.assertEqual(instant_of(given, "t", left_out), wanted, given)
            self.assertEqual(left_out.parts, [])

    def test_others_are_left_out(self) -> None:
        for given in ("yesterday", object(), math.nan, 1e20, [], datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))):
            left_out = LeftOut()
            self.assertIsNone(instant_of(given, "t", left_out))
            self.assertEqual([key for key, _, _ in left_out.parts], ["t"])

    def test_quantities(self) -> None:
        left_out = LeftOut()
        self.assertEqual([quantity_of(value, "q", left_out) for value in (1, 0.5, Scalar(2.0), None)], [1, 0.5, 2.0, None])
        self.assertEqual(left_out.parts, [])
        self.assertEqual([quantity_of(value, "q", left_out) for value in (-1, math.nan, math.inf, "x")], [None] * 4)
        self.assertEqual(len(left_out.parts), 4)

    def test_numbers_never_raise(self) -> None:
        for given in (Broken(), Scalar("x"), Scalar(ValueError()), type, b"1", datetime(2025, 1, 1)):
            self.assertIsNone(number_of(given))
        json_of(Broken(), "k", LeftOut())


class Stored(SpoolTest):
    def test_the_server_has_what_was_given_and_the_rest_is_reported(self) -> None:
        tracker = self.tracker()
        run = tracker.create_experiment(
            experiment_name="kinds",
            model={"name": "M", "parameters": Scalar(3_000_000_000), "layer": object()},
            config={"batch_size": Scalar(16), "out": Path("runs"), "seed": 2**70, "gamma": math.inf},
            dataset={"releases": ("R1",), "when": datetime(2025, 1, 1)},
            optimizer_state={"beta": Decimal("0.9")},
            start_time=datetime(2025, 10, 20, 18, tzinfo=timezone(timedelta(hours=2))),
            tags="single",
        )
        tracker.log_epoch(
            run,
            Scalar(0),
            {"val_loss": Scalar(0.5), "grad.norm": math.nan, "50%": -math.inf, "bad": object(), "r": {"one": 1}},
            timing={"duration_seconds": Scalar(2), "epoch_start": datetime(2025, 1, 1), "loading": 0.5, "what": "x"},
            memory={"cpu_rss_mb": Scalar(100), "peak_mb": 200},
        )
        tracker.save_checkpoint_info(
            run, 0, {"val_loss": Scalar(0.5)}, Path("a") / "b.pt", True, model_state={"step": Scalar(5), "optimizer": "Adam"},
            validation={"n_samples": 10, "inference_time_ms": 1.5, "predictions_file": Path("p.csv")}, color="red",
        )
        self.assertTrue(tracker.flush(30))
        stored = self.server.experiment(run)
        self.assertEqual(stored["model"]["all"], {"name": "M", "parameters": 3_000_000_000})
        self.assertEqual(
            stored["config"]["all"],
            {"optimizer_state": {"beta": 0.9}, "batch_size": 16, "out": "runs", "seed": str(2**70), "gamma": "Infinity"},
        )
        self.assertEqual(stored["dataset"]["all"], {"releases": ["R1"], "when": "2025-01-01T00:00:00.000Z"})
        self.assertEqual((stored["startTime"], stored["tags"]), ("2025-10-20T16:00:00.000Z", ["single"]))
        [epoch] = stored["epochs"]
        self.assertEqual(
            epoch["metrics"]["values"],
            {"val_loss": 0.5, "grad.norm": "NaN", "50%": "-Infinity", "r.one": 1, "timing.loading": 0.5, "memory.peak_mb": 200},
        )
        self.assertEqual(epoch["timing"], {"durationSeconds": 2, "samplesPerSecond": None, "epochStart": "2025-01-01T00:00:00.000Z"})
        self.assertEqual(epoch["memory"], {"cpuRssMb": 100})
        [checkpoint] = stored["checkpoints"]
        self.assertEqual(checkpoint["file"]["path"], str(Path("a") / "b.pt"))
        self.assertEqual(checkpoint["modelState"], {"optimizer": "Adam", "scheduler": None, "epoch": None, "step": 5})
        self.assertEqual(checkpoint["validation"], {"nSamples": 10, "inferenceTimeMs": 1.5, "predictionsFile": "p.csv"})
        # The parts that could not go: told of, kept, and counted; the records themselves went.
        counts = tracker.counts()
        self.assertEqual((counts.delivered, counts.refused, counts.left_out), (3, 0, 4))
        for key in ("model.layer", "metrics.bad", "timing.what", "color"):
            self.assertIn(key, self.warnings())
        tracker.close()
        self.assertIn("metrics.bad left out", command("status", self.spool).stdout)


if __name__ == "__main__":
    unittest.main()
