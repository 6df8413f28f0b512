"""A run as a context manager."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Type

if TYPE_CHECKING:
    from .tracker import ExperimentTracker


class Run:
    """One run, from the beginning of its `with` block to the end. Its methods are the tracker's, without the id."""

    def __init__(self, tracker: ExperimentTracker, fields: Dict[str, Any]) -> None:
        self._tracker = tracker
        self._fields = fields
        self.id = ""

    def __enter__(self) -> Run:
        self.id = self._tracker.create_experiment(**self._fields)
        return self

    def log_epoch(
        self,
        epoch: int,
        metrics: Mapping[str, Any],
        timing: Optional[Mapping[str, Any]] = None,
        memory: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Logs the metrics of an epoch; see ExperimentTracker.log_epoch."""
        self._tracker.log_epoch(self.id, epoch, metrics, timing, memory)

    def save_checkpoint_info(
        self, epoch: int, metrics: Mapping[str, Any], file: Any, is_best: bool = False, **fields: Any
    ) -> None:
        """Says where a checkpoint is; see ExperimentTracker.save_checkpoint_info."""
        self._tracker.save_checkpoint_info(self.id, epoch, metrics, file, is_best, **fields)

    def update(self, **fields: Any) -> None:
        """Changes what is said of the run; see ExperimentTracker.update_experiment."""
        self._tracker.update_experiment(self.id, **fields)

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if kind is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
            # What the block itself said of its end holds.
            if self._tracker.status_said(self.id) in (None, "running"):
                self._tracker.update_experiment_status(self.id, "completed")
        elif issubclass(kind, KeyboardInterrupt):
            self._tracker.update_experiment_status(self.id, "stopped")
        else:
            self._tracker.update_experiment_status(self.id, "failed", note=self._note(kind, error))

    def _note(self, kind: Type[BaseException], error: Optional[BaseException]) -> str:
        try:
            said = f"{kind.__name__}: {error}"
        except Exception:  # noqa: BLE001 - an exception whose text can't be made
            said = kind.__name__
        note = self._fields.get("note")
        return f"{note}\n{said}" if note else said
