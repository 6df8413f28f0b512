"""What the user must hear of: warnings of the logger `epochgraph` (on stderr unless logging is set up otherwise)."""

from __future__ import annotations

import logging
import threading
import time
from typing import Dict, Tuple

LOGGER = logging.getLogger("epochgraph")

_EVERY_SECONDS = 60.0
_MOST_KINDS = 1000


class Notices:
    """Says each kind of trouble at once, and again at most once a minute with how often it came meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: Dict[str, Tuple[float, int]] = {}

    def warn(self, kind: str, text: str) -> None:
        """Warns; never raises, whatever the application's logging does."""
        try:
            now = time.monotonic()
            with self._lock:
                last, kept_back = self._said.get(kind, (-_EVERY_SECONDS, 0))
                if now - last < _EVERY_SECONDS:
                    self._said[kind] = (last, kept_back + 1)
                    return
                if len(self._said) >= _MOST_KINDS:
                    self._said.clear()
                self._said[kind] = (now, 0)
            repeated = f" ({kept_back} more like this in between)" if kept_back else ""
            LOGGER.warning("epochgraph: %s%s", text, repeated)
        except Exception:  # noqa: BLE001 - the training goes on, even where a logging handler fails
            pass
