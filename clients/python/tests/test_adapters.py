"""The adapters, against stand-ins of what Lightning and Keras document, or against the real ones where they are there."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import types
from argparse import Namespace
from typing import Any, Callable, Dict, Optional
from unittest import mock

from tests.support import SpoolTest

for name in ("lightning", "keras"):
    if importlib.util.find_spec(name) is None:
        print(f"The real {name} was NOT tested: it is not installed here. A stand-in was.", file=sys.stderr)


def lightning_stand_in() -> Dict[str, types.ModuleType]:
    """The modules that the logger imports, with what Lightning's documentation says of the base class."""
    rank_zero_only: Any = lambda function: lambda *a, **k: function(*a, **k) if rank_zero_only.rank == 0 else None
    rank_zero_only.rank = 0

    class Logger:
        def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
            pass

        def save(self) -> None:
            pass

        def finalize(self, status: str) -> None:
            self.save()

    def rank_zero_experiment(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda self: function(self) if rank_zero_only.rank == 0 else None

    modules = {}
    for name in ("", ".pytorch", ".pytorch.loggers", ".pytorch.loggers.logger", ".pytorch.utilities", ".pytorch.utilities.rank_zero"):
        modules[f"lightning{name}"] = types.ModuleType(f"lightning{name}")
    modules["lightning.pytorch.loggers.logger"].Logger = Logger
    modules["lightning.pytorch.loggers.logger"].rank_zero_experiment = rank_zero_experiment
    modules["lightning.pytorch.utilities.rank_zero"].rank_zero_only = rank_zero_only
    return modules


def keras_stand_in() -> Dict[str, types.ModuleType]:
    class Callback:
        def __init__(self) -> None:
            self.params: Optional[Dict[str, Any]] = None
            self.model: Any = None

        def set_params(self, params: Dict[str, Any]) -> None:
            self.params = params

        def set_model(self, model: Any) -> None:
            self.model = model

    modules = {name: types.ModuleType(name) for name in ("keras", "keras.callbacks")}
    modules["keras.callbacks"].Callback = Callback
    return modules


class Tensor:
    def __init__(self, value: float) -> None:
        self.value = value

    def item(self) -> float:
        return self.value


class Adapter(SpoolTest):
    def load(self, name: str, library: str, stand_in: Callable[[], Dict[str, types.ModuleType]]) -> Any:
        if importlib.util.find_spec(library) is None:
            patcher = mock.patch.dict(sys.modules, stand_in())
            patcher.start()
            self.addCleanup(patcher.stop)
        sys.modules.pop(f"epochgraph.{name}", None)
        self.addCleanup(sys.modules.pop, f"epochgraph.{name}", None)
        return importlib.import_module(f"epochgraph.{name}")


class Lightning(Adapter):
    def setUp(self) -> None:
        super().setUp()
        self.module = self.load("lightning", "lightning", lightning_stand_in)
        self.tracker_ = self.tracker()

    def logger(self, **fields: Any) -> Any:
        return self.module.EpochgraphLogger(self.tracker_, **fields)

    def fit(self, logger: Any, epochs: range) -> None:
        """Calls a logger as Trainer.fit does: steps with the epoch beside them, validation before the epoch's end."""
        step = 0
        for epoch in epochs:
            for _ in range(2):
                step += 1
                logger.log_metrics({"train_loss_step": 1 / step, "epoch": epoch}, step=step)
                logger.save()
            logger.log_metrics({"val_loss": 0.5 - epoch / 10, "epoch": epoch}, step=step)
            logger.log_metrics({"train_loss": 0.6 - epoch / 10, "epoch": epoch}, step=step)

    def test_a_fit(self) -> None:
        logger = self.logger(experiment_name="lightning", challenge=1, config={"batch_size": 4})
        self.assertIsNone(logger.version)
        logger.log_hyperparams(Namespace(learning_rate=0.1, layers=[1, 2]))
        self.assertIs(logger.experiment, self.tracker_)
        run = logger.version
        logger.log_hyperparams({"late": True})
        self.fit(logger, range(3))
        logger.finalize("success")
        logger.log_metrics({"test_acc": Tensor(0.75), "epoch": 3}, step=6)
        logger.finalize("success")
        self.assertTrue(self.tracker_.flush(30))
        stored = self.server.experiment(run)
        self.assertEqual((stored["name"], stored["status"], logger.name), ("lightning", "COMPLETED", "lightning"))
        self.assertEqual(stored["config"]["all"], {"batch_size": 4, "learning_rate": 0.1, "layers": [1, 2], "late": True})
        epochs = self.server.metrics(run)
        self.assertEqual(sorted(epochs), [0, 1, 2])
        self.assertEqual(epochs[1], {"train_loss_step": 0.25, "val_loss": 0.4, "train_loss": 0.5, "step": 4})
        self.assertEqual(stored["metrics"]["values"]["test_acc"], 0.75)
        self.assertEqual(self.tracker_.counts().refused, 0)

    def test_another_fit_goes_on(self) -> None:
        logger = self.logger(experiment_name="two fits")
        self.fit(logger, range(1))
        logger.finalize("success")
        self.fit(logger, range(1, 2))
        self.assertTrue(self.tracker_.flush(30))
        self.assertEqual(self.server.experiment(logger.version)["status"], "RUNNING")
        logger.finalize("success")
        again = self.logger(experiment_id=logger.version)
        self.fit(again, range(2, 3))
        self.assertTrue(self.tracker_.flush(30))
        again.finalize("success")
        self.assertTrue(self.tracker_.flush(30))
        self.assertEqual(sorted(self.server.metrics(logger.version)), [0, 1, 2])
        self.assertEqual(self.server.experiment(logger.version)["status"], "COMPLETED")

    def test_how_it_ends(self) -> None:
        for error, status, note in ((ValueError("bad"), "FAILED", "ValueError: bad"), (KeyboardInterrupt(), "STOPPED", None)):
            logger = self.logger(experiment_name="ends")
            self.fit(logger, range(2))
            try:
                raise error
            except BaseException:
                logger.finalize("failed")
            self.assertTrue(self.tracker_.flush(30))
            stored = self.server.experiment(logger.version)
            self.assertEqual((stored["status"], stored["note"], stored["epochCount"]), (status, note, 2))

    def test_checkpoints(self) -> None:
        logger = self.logger(experiment_name="checkpoints")
        paths = [os.path.join(self.spool, name) for name in ("a.ckpt", "b.ckpt")]
        for path in paths:
            with open(path, "wb") as file:
                file.write(b"x" * 2**20)
        callback = types.SimpleNamespace(monitor="val_loss", best_k_models={paths[0]: Tensor(0.5)}, best_model_path=paths[0], last_model_path="")
        self.fit(logger, range(1))
        logger.after_save_checkpoint(callback)
        logger.after_save_checkpoint(callback)
        self.fit(logger, range(1, 2))
        callback.best_k_models[paths[1]] = Tensor(0.4)
        callback.best_model_path = paths[1]
        logger.after_save_checkpoint(callback)
        logger.finalize("success")
        self.assertTrue(self.tracker_.flush(30))
        checkpoints = {c["file"]["path"]: c for c in self.server.experiment(logger.version)["checkpoints"] if c["isBest"] or c["epoch"] == 0}
        self.assertEqual(checkpoints[paths[1]]["epoch"], 1)
        self.assertTrue(checkpoints[paths[1]]["isBest"])
        self.assertFalse(checkpoints[paths[0]]["isBest"])
        self.assertEqual(checkpoints[paths[0]]["file"]["sizeMb"], 1)
        self.assertEqual(checkpoints[paths[1]]["metrics"]["values"], {"val_loss": 0.4})

    def test_its_own_faults_stay_inside(self) -> None:
        logger = self.logger(experiment_name="faults")
        logger.log_hyperparams(object())
        logger.log_metrics({"a": 1.0, "epoch": "x"}, step=1)
        logger.log_metrics(None, step=1)
        logger.after_save_checkpoint(types.SimpleNamespace(best_k_models=5))
        self.assertEqual(self.tracker_.failed_calls, 4)
        self.fit(logger, range(1))
        logger.finalize("success")
        self.assertTrue(self.tracker_.flush(30))
        self.assertEqual(sorted(self.server.metrics(logger.version)), [0])

    def test_other_ranks_log_nothing(self) -> None:
        rank_zero_only = self.module.rank_zero_only
        with mock.patch.object(rank_zero_only, "rank", 1):
            logger = self.logger(experiment_name="rank 1")
            logger.log_hyperparams({"a": 1})
            logger.log_metrics({"a": 1.0, "epoch": 0}, step=1)
            logger.finalize("success")
            self.assertIsNone(logger.version)


class Keras(Adapter):
    def test_a_fit(self) -> None:
        module = self.load("keras", "keras", keras_stand_in)
        tracker = self.tracker()
        callback = module.EpochgraphCallback(tracker, experiment_name="keras", config={"batch_size": 8})
        optimizer = type("Adam", (), {"learning_rate": Tensor(0.001)})()
        model = types.SimpleNamespace(name="sequential", optimizer=optimizer, count_params=lambda: 42)
        callback.set_params({"epochs": 5, "steps": 10, "verbose": 0})
        callback.set_model(model)
        for begin in (0, 2):
            callback.on_train_begin()
            for epoch in range(begin, begin + 2):
                callback.on_epoch_begin(epoch)
                callback.on_epoch_end(epoch, {"loss": Tensor(0.5), "val_loss": 0.25, "accuracy": 1})
            callback.on_train_end()
        run = callback.experiment_id
        self.assertTrue(tracker.flush(30))
        stored = self.server.experiment(run)
        self.assertEqual(stored["status"], "COMPLETED")
        self.assertEqual(stored["model"]["all"], {"name": "sequential", "parameters": 42})
        self.assertEqual(
            stored["config"]["all"],
            {"max_epochs": 5, "steps_per_epoch": 10, "optimizer": "Adam", "learning_rate": 0.001, "batch_size": 8},
        )
        wanted = {"train_loss": 0.5, "val_loss": 0.25, "accuracy": 1, "learning_rate": 0.001}
        self.assertEqual(self.server.metrics(run), {epoch: wanted for epoch in range(4)})
        self.assertGreaterEqual(stored["epochs"][0]["timing"]["durationSeconds"], 0)
        callback.on_train_begin()
        callback.failed(ValueError("bad"))
        self.assertTrue(tracker.flush(30))
        self.assertEqual(self.server.experiment(run)["note"], "ValueError: bad")

    def test_a_model_of_another_kind(self) -> None:
        module = self.load("keras", "keras", keras_stand_in)
        tracker = self.tracker()
        callback = module.EpochgraphCallback(tracker, experiment_name="odd")
        callback.on_epoch_end(0, {"loss": 1.0})
        callback.failed(ValueError("before it began"))
        callback.set_model(types.SimpleNamespace(optimizer=types.SimpleNamespace(learning_rate=object())))
        callback.on_train_begin()
        callback.on_epoch_end(0)
        callback.on_epoch_end(1, {"loss": 1.0})
        self.assertTrue(tracker.flush(30))
        self.assertEqual(self.server.metrics(callback.experiment_id), {0: {}, 1: {"train_loss": 1.0}})
