"""What a tracker reads from the server. These methods raise an EpochgraphError where it can't be had."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NoReturn, Optional

from .documents import (
    CHECKPOINT,
    EPOCH,
    EXPERIMENT,
    Document,
    checkpoint_document,
    epoch_document,
    experiment_document,
    project,
)
from .errors import QueryError, Refused
from .filters import Sort, experiment_filter, experiment_orders
from .object_ids import as_object_id

_PAGE = 100
_CHILDREN_PAGE = 1000
_NODES = 250

_BEST = f"""query($challenge: Int!, $first: Int!) {{
  bestExperiments(challenge: $challenge, first: $first) {{ {EXPERIMENT} }} }}"""
_SEARCH = f"""query($first: Int, $after: String, $filter: ExperimentFilter, $orderBy: [ExperimentOrder!]) {{
  experiments(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {{
    nodes {{ {EXPERIMENT} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
_NODES_BY_ID = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Experiment {{ {EXPERIMENT} }} }} }}"
_ONE = f"query($id: ID!) {{ experiment(id: $id) {{ {EXPERIMENT} }} }}"
_EPOCHS = f"""query($id: ID!, $first: Int, $after: String) {{ experiment(id: $id) {{
  epochs(first: $first, after: $after) {{ nodes {{ {EPOCH} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
_CHECKPOINTS = f"""query($id: ID!, $first: Int, $after: String) {{ experiment(id: $id) {{
  checkpoints(first: $first, after: $after) {{ nodes {{ {CHECKPOINT} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
_BEST_PER_CHALLENGE = f"""query {{ bestPerChallenge {{ challenge experimentCount experiment {{ {EXPERIMENT} }} }} }}"""
_TRAINING_TIMES = "query { trainingTimeByModel { modelName averageHours totalHours experimentCount } }"


class Reads:
    """The reading half of a tracker; the documents have the stored shape, with snake_case names."""

    def query(self, document: str, variables: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """Runs any GraphQL document and returns its `data`."""
        raise NotImplementedError

    def get_best_models(self, challenge: int, n: int = 10) -> List[Document]:
        """The best completed runs of a challenge by best_val_loss, lowest first; n is 1 to 100."""
        if not 1 <= n <= _PAGE:
            raise QueryError(f"n is {n}; it takes 1 to {_PAGE}")
        nodes = self.query(_BEST, {"challenge": int(challenge), "first": int(n)})["bestExperiments"]
        return [experiment_document(node) for node in nodes]

    def search_experiments(
        self,
        query: Optional[Mapping[str, Any]] = None,
        projection: Optional[Any] = None,
        sort: Sort = None,
        limit: Optional[int] = None,
    ) -> List[Document]:
        """Runs under a query in the way of PyMongo, newest first unless sorted otherwise; all of them without a limit.

        Missing values and NaN are sorted behind all others in either direction. Raises QueryError for a query that has no
        counterpart in the API.
        """
        variables: Dict[str, Any] = {"filter": experiment_filter(query), "orderBy": experiment_orders(sort)}
        documents: List[Document] = []
        while True:
            left = limit - len(documents) if limit else _PAGE
            page = self.query(_SEARCH, {**variables, "first": min(_PAGE, left)})["experiments"]
            documents.extend(project(experiment_document(node), projection) for node in page["nodes"])
            if not page["pageInfo"]["hasNextPage"] or (limit and len(documents) >= limit):
                return documents
            variables["after"] = page["pageInfo"]["endCursor"]

    def get_experiment_history(self, experiment_id: str) -> Dict[str, Any]:
        """All of one run: {"experiment": …, "epochs": [in order], "checkpoints": [latest epoch first]}."""
        identity = as_object_id(experiment_id)
        node = self.query(_ONE, {"id": identity})["experiment"]
        if node is None:
            raise Refused(f"Experiment {identity} does not exist.", "NOT_FOUND")
        return {
            "experiment": experiment_document(node),
            "epochs": [epoch_document(item, identity) for item in self._children(_EPOCHS, "epochs", identity)],
            "checkpoints": [
                checkpoint_document(item, identity) for item in self._children(_CHECKPOINTS, "checkpoints", identity)
            ],
        }

    def compare_experiments(self, experiment_ids: Iterable[str]) -> List[Document]:
        """These runs, in this order."""
        ids = [as_object_id(identity) for identity in experiment_ids]
        documents = []
        for start in range(0, len(ids), _NODES):
            some = ids[start : start + _NODES]
            for identity, node in zip(some, self.query(_NODES_BY_ID, {"ids": some})["nodes"]):
                if not node:
                    raise Refused(f"Experiment {identity} does not exist.", "NOT_FOUND")
                documents.append(experiment_document(node))
        return documents

    def best_per_challenge(self) -> List[Document]:
        """For each challenge its best completed run: {"_id": challenge, "best_experiment": …, "count": …}."""
        return [
            {
                "_id": item["challenge"],
                "best_experiment": experiment_document(item["experiment"]),
                "count": item["experimentCount"],
            }
            for item in self.query(_BEST_PER_CHALLENGE)["bestPerChallenge"]
        ]

    def training_time_by_model(self) -> List[Document]:
        """How long the runs of each model took: {"_id": model name, "avg_hours", "total_hours", "count"}, longest first."""
        return [
            {
                "_id": item["modelName"],
                "avg_hours": item["averageHours"],
                "total_hours": item["totalHours"],
                "count": item["experimentCount"],
            }
            for item in self.query(_TRAINING_TIMES)["trainingTimeByModel"]
        ]

    def _children(self, document: str, field: str, experiment_id: str) -> Iterable[Dict[str, Any]]:
        after = None
        while True:
            node = self.query(document, {"id": experiment_id, "first": _CHILDREN_PAGE, "after": after})["experiment"]
            if node is None:
                raise Refused(f"Experiment {experiment_id} was deleted meanwhile.", "NOT_FOUND")
            yield from node[field]["nodes"]
            if not node[field]["pageInfo"]["hasNextPage"]:
                return
            after = node[field]["pageInfo"]["endCursor"]

    def _no_collection(self, name: str) -> NoReturn:
        raise QueryError(
            f"tracker.{name} was PyMongo's collection, and there is none behind this tracker. Use search_experiments, "
            "best_per_challenge, training_time_by_model or get_experiment_history, or any GraphQL document with query()."
        )

    @property
    def experiments(self) -> NoReturn:
        """Not there: says what to use in its place."""
        self._no_collection("experiments")

    @property
    def epochs(self) -> NoReturn:
        """Not there: says what to use in its place."""
        self._no_collection("epochs")

    @property
    def checkpoints(self) -> NoReturn:
        """Not there: says what to use in its place."""
        self._no_collection("checkpoints")
