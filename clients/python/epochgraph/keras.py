"""A callback for Keras: `model.fit(..., callbacks=[EpochgraphCallback(experiment_name="...")])`.

Importing this module needs Keras (`keras`, or `tensorflow`); nothing else of this package does.
"""

from __future__ import annotations

import time
from typing import Any, Dict, Mapping, Optional

from .guard import never_raises
from .tracker import ExperimentTracker, get_tracker
from .values import number_of

try:
    from keras.callbacks import Callback
except ImportError:
    from tensorflow.keras.callbacks import Callback

# Keras calls the training loss `loss`; here as elsewhere it is `train_loss`.
_NAMES = {"loss": "train_loss"}


class EpochgraphCallback(Callback):  # type: ignore[misc]
    """Logs what `fit` reports at the end of each epoch, with its duration and the learning rate.

    Takes what create_experiment takes (experiment_name, challenge, tags …) and `tracker`, by default the one that the
    process shares. Keras's `loss` is logged as `train_loss`; all other names stay. Keras tells a callback of no exception,
    so a run that fails is not ended by this one: call `failed(error)` where you catch it.
    """

    def __init__(self, tracker: Optional[ExperimentTracker] = None, **fields: Any) -> None:
        super().__init__()
        self._tracker = tracker or get_tracker()
        self._fields = fields
        self._began = 0.0
        self.experiment_id: Optional[str] = None

    @never_raises
    def on_train_begin(self, logs: Optional[Mapping[str, Any]] = None) -> None:
        """Begins the run, or goes on with it in another `fit`."""
        if self.experiment_id is not None:
            self._tracker.update_experiment_status(self.experiment_id, "running")
            return
        fields = dict(self._fields)
        params = getattr(self, "params", None) or {}
        config: Dict[str, Any] = {"max_epochs": params.get("epochs"), "steps_per_epoch": params.get("steps")}
        optimizer = getattr(getattr(self, "model", None), "optimizer", None)
        if optimizer is not None:
            config["optimizer"] = type(optimizer).__name__
            config["learning_rate"] = self._learning_rate()
        given = {name: value for name, value in config.items() if value is not None}
        fields["config"] = {**given, **(fields.get("config") or {})}
        fields.setdefault("model", self._describe_model())
        self.experiment_id = self._tracker.create_experiment(**fields)

    @never_raises
    def on_epoch_begin(self, epoch: int, logs: Optional[Mapping[str, Any]] = None) -> None:
        """Notes the time."""
        self._began = time.time()

    @never_raises
    def on_epoch_end(self, epoch: int, logs: Optional[Mapping[str, Any]] = None) -> None:
        """Logs the epoch."""
        metrics = {_NAMES.get(name, name): value for name, value in (logs or {}).items()}
        rate = self._learning_rate()
        if rate is not None:
            metrics.setdefault("learning_rate", rate)
        timing = {"duration_seconds": max(time.time() - self._began, 0.0), "epoch_start": self._began} if self._began else None
        if self.experiment_id is not None:
            self._tracker.log_epoch(self.experiment_id, epoch, metrics, timing)

    @never_raises
    def on_train_end(self, logs: Optional[Mapping[str, Any]] = None) -> None:
        """Ends the run as completed, early stopping included."""
        if self.experiment_id is not None:
            self._tracker.update_experiment_status(self.experiment_id, "completed")

    @never_raises
    def failed(self, error: BaseException) -> None:
        """Ends the run as failed by this exception, or as stopped by KeyboardInterrupt."""
        if self.experiment_id is None:
            return
        if isinstance(error, KeyboardInterrupt):
            self._tracker.update_experiment_status(self.experiment_id, "stopped")
        else:
            note = f"{type(error).__name__}: {error}"
            self._tracker.update_experiment_status(self.experiment_id, "failed", note=note)

    def _on_own_fault(self, *fault: Any) -> None:
        self._tracker._on_own_fault(*fault)

    def _learning_rate(self) -> Optional[float]:
        """The optimizer's rate; None for none, and for a schedule, which has no single one."""
        try:
            rate = getattr(self.model.optimizer, "learning_rate", None)
            return None if rate is None else number_of(rate)
        except Exception:  # noqa: BLE001 - a model without an optimizer, or one of its own kind
            return None

    def _describe_model(self) -> Optional[Dict[str, Any]]:
        model = getattr(self, "model", None)
        if model is None:
            return None
        described: Dict[str, Any] = {"name": getattr(model, "name", None) or type(model).__name__}
        try:
            described["parameters"] = int(model.count_params())
        except Exception:  # noqa: BLE001 - a model that is not built yet has no count
            pass
        return described
