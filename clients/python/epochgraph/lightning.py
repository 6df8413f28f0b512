"""A logger for PyTorch Lightning: `Trainer(logger=EpochgraphLogger(experiment_name="..."))`.

Importing this module needs Lightning (either `lightning` or `pytorch_lightning`); nothing else of this package does.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from typing import Any, Dict, Mapping, Optional, Tuple, Union

from .guard import never_raises
from .tracker import ExperimentTracker, get_tracker

try:
    from lightning.pytorch.loggers.logger import Logger, rank_zero_experiment
    from lightning.pytorch.utilities.rank_zero import rank_zero_only
except ImportError:
    from pytorch_lightning.loggers.logger import Logger, rank_zero_experiment
    from pytorch_lightning.utilities.rank_zero import rank_zero_only

# Lightning logs validation before training, and steps in between: an epoch is complete when the next one begins. A long
# one is shown as it stands, this often.
_SHOWN_EVERY_SECONDS = 10.0


class EpochgraphLogger(Logger):  # type: ignore[misc]
    """Logs a Trainer's metrics, one record an epoch, with its hyperparameters and checkpoints.

    Takes what create_experiment takes (experiment_name, challenge, tags …) and `tracker`, by default the one that the
    process shares. Of a metric that is logged at steps, an epoch keeps the last value. What `trainer.test` logs becomes
    the run's own metrics. `experiment_id` continues a run instead of beginning one.
    """

    def __init__(
        self, tracker: Optional[ExperimentTracker] = None, experiment_id: Optional[str] = None, **fields: Any
    ) -> None:
        super().__init__()
        self._tracker = tracker or get_tracker()
        self._id = experiment_id
        self._continued = experiment_id is not None
        self._fields = fields
        self._hyperparameters: Dict[str, Any] = {}
        self._epoch: Optional[int] = None
        self._metrics: Dict[str, Any] = {}
        self._shown = 0.0
        self._unshown = False
        self._ended = False
        self._saved: Dict[str, Tuple[float, bool]] = {}

    @property
    def name(self) -> Optional[str]:
        """The run's name, as it was given."""
        name = self._fields.get("experiment_name")
        return None if name is None else str(name)

    @property
    def version(self) -> Optional[str]:
        """The run's id; None before it is begun."""
        return self._id

    @property
    @rank_zero_experiment
    def experiment(self) -> ExperimentTracker:
        """The tracker; the run is begun when this is first asked for."""
        self._begin()
        return self._tracker

    @rank_zero_only
    @never_raises
    def log_hyperparams(self, params: Union[Dict[str, Any], Namespace, None], *args: Any, **kwargs: Any) -> None:
        """Keeps hyperparameters as the run's config. `metrics`, where Lightning gives them, become the run's own."""
        given = vars(params) if isinstance(params, Namespace) else dict(params or {})
        config = self._fields.get("config")
        self._hyperparameters.update(given)
        if self._id is not None:
            self._tracker.update_experiment(self._id, config={**(config or {}), **self._hyperparameters})

    @rank_zero_only
    @never_raises
    def log_metrics(self, metrics: Mapping[str, Any], step: Optional[int] = None) -> None:
        """Collects metrics by epoch: by the `epoch` that Lightning puts beside them, else by the step."""
        values = dict(metrics)
        number = values.pop("epoch", None)
        run = self._begin()
        if values and all(name.startswith("test") for name in values):
            self._tracker.update_experiment_status(run, self._tracker.status_said(run) or "running", metrics=values)
            return
        epoch = int(number if number is not None else step if step is not None else (self._epoch or 0))
        if self._ended:
            # The same logger in another fit().
            self._ended = False
            self._tracker.update_experiment_status(run, "running")
        if epoch != self._epoch:
            self._show()
            self._epoch, self._metrics = epoch, {}
        self._metrics.update(values)
        if step is not None:
            self._metrics["step"] = step
        self._unshown = True
        if time.monotonic() - self._shown >= _SHOWN_EVERY_SECONDS:
            self._show()

    @rank_zero_only
    @never_raises
    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Logs the files that a ModelCheckpoint keeps, each once and again when it becomes the best."""
        run = self._begin()
        best = str(getattr(checkpoint_callback, "best_model_path", "") or "")
        scores = {str(path): score for path, score in dict(getattr(checkpoint_callback, "best_k_models", None) or {}).items()}
        last = str(getattr(checkpoint_callback, "last_model_path", "") or "")
        for path in dict.fromkeys([*scores, best, last]):
            if not path:
                continue
            try:
                changed, size = os.path.getmtime(path), os.path.getsize(path) / 2**20
            except OSError:
                changed, size = 0.0, None
            state = (changed, path == best)
            if self._saved.get(path) == state:
                continue
            self._saved[path] = state
            monitor = getattr(checkpoint_callback, "monitor", None)
            metrics = {monitor: scores[path]} if monitor and path in scores else {}
            file = {"path": path, "size_mb": size, "format": "pytorch"}
            self._tracker.save_checkpoint_info(run, self._epoch or 0, metrics, file, is_best=path == best)

    @rank_zero_only
    @never_raises
    def save(self) -> None:
        """Does nothing: what is logged is on the disk already."""

    @rank_zero_only
    @never_raises
    def finalize(self, status: str) -> None:
        """Ends the run: completed for "success", stopped where a KeyboardInterrupt ends it, else failed."""
        if self._id is None:
            return
        self._show()
        error = sys.exc_info()[1]
        if status == "success":
            self._tracker.update_experiment_status(self._id, "completed")
        elif isinstance(error, KeyboardInterrupt):
            self._tracker.update_experiment_status(self._id, "stopped")
        else:
            note = {"note": f"{type(error).__name__}: {error}"} if error else {}
            self._tracker.update_experiment_status(self._id, "failed", **note)
        self._ended = True

    def _on_own_fault(self, *fault: Any) -> None:
        self._tracker._on_own_fault(*fault)

    def _begin(self) -> str:
        if self._id is None:
            config = {**(self._fields.get("config") or {}), **self._hyperparameters}
            self._id = self._tracker.create_experiment(**{**self._fields, "config": config})
        elif self._continued:
            self._continued = False
            self._tracker.update_experiment_status(self._id, "running")
        return self._id

    def _show(self) -> None:
        if self._id is None or self._epoch is None or not self._unshown:
            return
        self._unshown = False
        self._shown = time.monotonic()
        self._tracker.log_epoch(self._id, self._epoch, self._metrics)
