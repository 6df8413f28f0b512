"""Logs training runs to an Epochgraph server, through a local spool that outlives outages and crashes."""

from .delivery import Counts
from .errors import EpochgraphError, QueryError, Refused, ServerFault, Unreachable
from .run import Run
from .tracker import ExperimentTracker, MongoExperimentTracker, Tally, get_tracker
from .version import VERSION as __version__

__all__ = [
    "Counts",
    "EpochgraphError",
    "ExperimentTracker",
    "MongoExperimentTracker",
    "QueryError",
    "Refused",
    "Run",
    "ServerFault",
    "Tally",
    "Unreachable",
    "__version__",
    "get_tracker",
]
