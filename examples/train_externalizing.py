#!/usr/bin/env python3
"""Train a small neural network and watch it learn in Epochgraph.

The network predicts the `externalizing` score of a BIDS participants table from the table's other columns: one hidden
layer of tanh units, mini-batch Adam, written out in plain Python so that nothing needs to be installed. Every epoch
goes to an Epochgraph server as it ends, and so does a checkpoint whenever the validation loss improves.

    python3 train_externalizing.py R1/participants.tsv R2/participants.tsv

Losses are mean squared errors of the standardised score, so that 1.0 is what always guessing the training mean would
cost; val_mae and val_rmse are in the units of the score itself.
"""

from __future__ import annotations

import argparse
import csv
import getpass
import hashlib
import http.client
import itertools
import json
import math
import os
import random
import signal
import socket
import statistics
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from operator import mul
from pathlib import Path

try:
    import resource
except ImportError:  # Windows has no getrusage: the run is then logged without its memory use.
    resource = None

TARGET = "externalizing"
NOT_A_FEATURE = ("participant_id", "release_number", TARGET)
WORDS = {"F": 0.0, "M": 1.0, "No": 0.0, "Yes": 1.0, "unavailable": 0.0, "caution": 0.5, "available": 1.0}


# ── Data ──

def read_tables(paths):
    """Rows of all tables as dicts, one a subject (of a subject in several tables, the last row), sorted by subject."""
    rows = {}
    for path in paths:
        with open(path, newline="", encoding="utf-8-sig") as table:
            for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
                if not row.get("participant_id") or None in row or None in row.values():
                    raise ValueError(f"{path}: a row is too short, too long or lacks its participant_id: {row}")
                rows[row["participant_id"]] = row
    return [rows[subject] for subject in sorted(rows)]


def number(row, column):
    """The number a cell stands for, None for a missing value; ValueError for a word that has no number."""
    cell = row.get(column)
    if cell in ("n/a", "", None):
        return None
    try:
        value = WORDS[cell] if cell in WORDS else float(cell)
        if math.isfinite(value):
            return value
    except ValueError:
        pass
    raise ValueError(f"{column} of {row['participant_id']} is {cell!r}, which is no number")


def in_validation(subject, seed, share=0.2):
    """Whether a subject belongs to the validation set: a fixed draw by subject and seed, whichever tables are read."""
    digest = hashlib.sha256(f"{seed}:{subject}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


class Features:
    """Turns rows into standardised vectors, with statistics of the training rows alone.

    A missing value becomes the training mean, and each column that misses some gets an indicator column beside it.
    Columns that never vary are left out and listed in `unused`.
    """

    def __init__(self, training_rows):
        self.columns, self.unused = [], []  # columns: (name, mean, standard deviation, has missing values)
        for name in (name for name in training_rows[0] if name not in NOT_A_FEATURE):
            cells = [number(row, name) for row in training_rows]
            known = [cell for cell in cells if cell is not None]
            if len(set(known)) > 1:
                self.columns.append((name, statistics.fmean(known), statistics.pstdev(known), len(known) < len(cells)))
            else:
                self.unused.append(name)

    def vector(self, row):
        """The features of one row, and a final 1.0 that the weights' bias multiplies."""
        features = []
        for name, mean, deviation, has_gaps in self.columns:
            cell = number(row, name)
            features.append(0.0 if cell is None else (cell - mean) / deviation)
            if has_gaps:
                features.append(1.0 if cell is None else 0.0)
        return features + [1.0]


# ── Model ──

class Network:
    """inputs → tanh hidden units → one number. `rows` holds a weight list a hidden unit, then that of the output."""

    def __init__(self, inputs, hidden, rng):
        self.rows = [[rng.gauss(0, 0.5 / math.sqrt(inputs)) for _ in range(inputs)] for _ in range(hidden)]
        self.rows.append([rng.gauss(0, 0.5 / math.sqrt(hidden)) for _ in range(hidden + 1)])
        self.step = 0
        self.momentum = [[0.0] * len(row) for row in self.rows]
        self.variance = [[0.0] * len(row) for row in self.rows]

    def forward(self, features):
        """The hidden activations (with a final 1.0 for the bias) and the prediction."""
        hidden = [math.tanh(sum(map(mul, row, features))) for row in self.rows[:-1]] + [1.0]
        return hidden, sum(map(mul, self.rows[-1], hidden))

    def train_batch(self, batch, learning_rate):
        """One step on (features, target) pairs; returns the sum of their squared errors before the step."""
        gradients = [[0.0] * len(row) for row in self.rows]
        total = 0.0
        for features, target in batch:
            hidden, prediction = self.forward(features)
            error = prediction - target
            total += error * error
            slope = 2 * error / len(batch)
            for unit, (weight, activation) in enumerate(zip(self.rows[-1][:-1], hidden)):
                delta = slope * weight * (1 - activation * activation)
                gradients[unit] = [g + delta * x for g, x in zip(gradients[unit], features)]
            gradients[-1] = [g + slope * h for g, h in zip(gradients[-1], hidden)]
        self._adam(gradients, learning_rate)
        return total

    def _adam(self, gradients, learning_rate, beta1=0.9, beta2=0.999):
        self.step += 1
        rate = learning_rate * math.sqrt(1 - beta2**self.step) / (1 - beta1**self.step)
        for row, gradient, m, v in zip(self.rows, gradients, self.momentum, self.variance):
            for i, g in enumerate(gradient):
                m[i] += (1 - beta1) * (g - m[i])
                v[i] += (1 - beta2) * (g * g - v[i])
                row[i] -= rate * m[i] / (math.sqrt(v[i]) + 1e-8)


def evaluate(network, samples, scale):
    """Validation metrics; `scale` is the standard deviation of the score in the training set."""
    errors = [network.forward(features)[1] - target for features, target in samples]
    loss = sum(error * error for error in errors) / len(errors)
    variance = statistics.pvariance([target for _, target in samples])
    return {
        "val_loss": loss,
        "val_mae": scale * sum(map(abs, errors)) / len(errors),
        "val_rmse": scale * math.sqrt(loss),
        "val_r2": 1 - loss / variance if variance else math.nan,
    }


# ── Epochgraph ──
_object_id_process = os.urandom(5)
_object_id_counter = itertools.count(int.from_bytes(os.urandom(3), "big"))


def new_object_id():
    """A MongoDB ObjectId as hex: seconds since 1970, five bytes of this process, a counter that began at random."""
    counter = next(_object_id_counter) % 2**24
    return (int(time.time()).to_bytes(4, "big") + _object_id_process + counter.to_bytes(3, "big")).hex()


def metric_map(metrics):
    """Metrics as the API takes them: JSON has no NaN and no infinities, so those three travel as strings."""

    def as_json(value):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"

    return {name: as_json(value) for name, value in metrics.items()}


def now():
    """The present instant as RFC 3339 text in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


class ServerUnreachable(Exception):
    """No usable answer came, however often it was tried."""


class RequestRefused(Exception):
    """The server answered with a GraphQL error; the text holds its message and code."""


class GraphQLClient:
    """Sends mutations, and repeats what may have been lost: safe, for each has the same effect when it comes twice."""

    def __init__(self, url):
        self.url = url
        self.patience = 5.0  # Seconds of retries: short for the first contact, long once a run is under way.
        local = urllib.parse.urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
        self.opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if local else []))

    def mutate(self, name, content):
        """Runs the mutation of this name, whose input type bears the same name, as all of Epochgraph's do.

        Raises RequestRefused or, when its patience ends, ServerUnreachable.
        """
        query = f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ __typename }} }}"
        body = json.dumps({"query": query, "variables": {"input": content}}, allow_nan=False).encode()
        deadline = time.monotonic() + self.patience
        for attempt in itertools.count():
            answer, trouble = self._post(body)
            errors = answer.get("errors") if answer else None
            if answer and not errors:
                self.patience = 120.0
                return
            pause = min(15.0, 0.25 * 2**attempt) * random.uniform(0.5, 1)
            late = time.monotonic() + pause > deadline
            if errors:
                codes = [error.get("extensions", {}).get("code", "no code") for error in errors]
                if late or not (trouble or "DATABASE_UNAVAILABLE" in codes):
                    messages = [error["message"] for error in errors]
                    raise RequestRefused("; ".join(f"{message} ({code})" for message, code in zip(messages, codes)))
            elif late:
                raise ServerUnreachable(trouble)
            time.sleep(pause)

    def _post(self, body):
        """(answer, trouble): the JSON object that came back, if any, and why to repeat the request, if need be."""
        headers = {"content-type": "application/json", "accept": "application/json"}
        try:
            with self.opener.open(urllib.request.Request(self.url, body, headers), timeout=30) as response:
                text, trouble = response.read(), None
        except urllib.error.HTTPError as error:
            text, trouble = error.read(), f"HTTP status {error.code}" if error.code >= 500 else None
        except (OSError, http.client.HTTPException) as error:
            return None, str(getattr(error, "reason", error))
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and ("errors" in answer or "data" in answer):
            return answer, trouble
        return None, trouble or "what answers at this address is no GraphQL server"


class Run:
    """One experiment on the server, created by the constructor and ended by its `with` block.

    The end is COMPLETED, or STOPPED after Ctrl-C, or FAILED with the exception as the note.
    """

    def __init__(self, client, **description):
        self.client, self.id, self.started = client, new_object_id(), time.monotonic()
        self.best_loss = math.inf
        client.mutate("createExperiment", {"id": self.id, "startTime": now(), **description})

    def log_epoch(self, epoch, metrics, timing):
        """Stores the metrics and timing of an epoch. Returns whether its validation loss is the lowest so far."""
        memory = None
        if resource:
            unit = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes on macOS, in KiB elsewhere.
            memory = {"cpuRssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}
        record = {"metrics": metric_map(metrics), "timing": timing, "memory": memory, "timestamp": now()}
        self.client.mutate("logEpoch", {"experimentId": self.id, "epoch": epoch, **record})
        is_best = metrics["val_loss"] < self.best_loss
        if is_best:
            self.best_loss = metrics["val_loss"]
        return is_best

    def save_checkpoint(self, epoch, metrics, network, directory, **validation):
        """Writes the weights to a JSON file of their own, whole or not at all, and records them as the best so far."""
        path = Path(directory) / f"epoch-{epoch:04}.json"
        content = json.dumps({"epoch": epoch, "step": network.step, "rows": network.rows}).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
        checksum = "sha256:" + hashlib.sha256(content).hexdigest()
        checkpoint = {
            "id": new_object_id(),
            "experimentId": self.id,
            "epoch": epoch,
            "isBest": True,
            "metrics": metric_map(metrics),
            "file": {"path": str(path), "sizeMb": len(content) / 2**20, "checksum": checksum, "format": "json"},
            "modelState": {"optimizer": "Adam", "scheduler": "cosine", "epoch": epoch, "step": network.step},
            "validation": validation,
            "timestamp": now(),
        }
        self.client.mutate("saveCheckpoint", checkpoint)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is ServerUnreachable:
            return  # Nobody to tell.
        status = "COMPLETED" if kind is None else "STOPPED" if kind is KeyboardInterrupt else "FAILED"
        # The best and final losses are the server's to say: it knows which epochs arrived.
        metrics = {"training_time_hours": (time.monotonic() - self.started) / 3600}
        change = {"experimentId": self.id, "status": status, "metrics": metric_map(metrics), "endTime": now()}
        if status == "FAILED":
            change["note"] = f"{kind.__name__}: {error}"
        self.client.mutate("updateExperimentStatus", change)


# ── Command line ──

def train(options, run, network, training, validation, scale):
    """Trains for options.epochs epochs, logging each; the learning rate falls along a cosine to a tenth."""
    shuffler = random.Random(options.seed + 1)
    for epoch in range(options.epochs):
        began, began_at = time.perf_counter(), now()
        cosine = (1 + math.cos(math.pi * epoch / options.epochs)) / 2
        learning_rate = options.learning_rate * (0.1 + 0.9 * cosine)
        shuffler.shuffle(training)
        batches = [training[i : i + options.batch_size] for i in range(0, len(training), options.batch_size)]
        squares = sum(network.train_batch(batch, learning_rate) for batch in batches)
        validation_began = time.perf_counter()
        metrics = {"train_loss": squares / len(training), **evaluate(network, validation, scale)}
        metrics["learning_rate"] = learning_rate
        ended, seconds = time.perf_counter(), time.perf_counter() - began
        timing = {"durationSeconds": seconds, "samplesPerSecond": len(training) / seconds}
        is_best = run.log_epoch(epoch, metrics, {**timing, "epochStart": began_at, "epochEnd": now()})
        if is_best:
            milliseconds = 1000 * (ended - validation_began)
            counted = {"nSamples": len(validation), "inferenceTimeMs": milliseconds}
            run.save_checkpoint(epoch, metrics, network, options.checkpoint_dir, **counted)
        if not options.quiet:
            line = "epoch {:4}   train_loss {train_loss:.4f}   val_loss {val_loss:.4f}   val_r2 {val_r2:+.3f}"
            print(line.format(epoch, **metrics) + f"   {seconds:.2f} s{'   best' if is_best else ''}", flush=True)
        time.sleep(options.pause)


def parse_arguments():
    """The command line, checked: a number out of range ends the program with a sentence."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tables", nargs="+", help="BIDS participants.tsv files, of one or several releases")
    parser.add_argument("--url", default=os.environ.get("EPOCHGRAPH_URL", "http://127.0.0.1:4000/graphql"))
    parser.add_argument("--epochs", type=int, default=250)
    parser.add_argument("--hidden", type=int, default=128, help="units of the hidden layer")
    parser.add_argument("--learning-rate", type=float, default=0.0002)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0, help="of the split, the first weights and the shuffling")
    parser.add_argument("--name", help="of the experiment (default: externalizing_ and the time)")
    parser.add_argument("--tags", type=lambda text: text.split(","), default=["example"], help="separated by commas")
    parser.add_argument("--checkpoint-dir", help="where weights are written (default: checkpoints/NAME)")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds to wait after each epoch")
    parser.add_argument("--quiet", action="store_true", help="print no line an epoch")
    options = parser.parse_args()
    if min(options.epochs, options.hidden, options.batch_size) < 1:
        parser.error("--epochs, --hidden and --batch-size must be at least 1")
    if not all(0 <= value < math.inf for value in (options.learning_rate, options.pause)):
        parser.error("--learning-rate and --pause must be finite and not negative")
    if not options.url.startswith(("http://", "https://")):
        parser.error("--url must begin with http:// or https://")
    options.name = options.name or f"externalizing_{datetime.now():%Y%m%d_%H%M%S}"
    options.checkpoint_dir = options.checkpoint_dir or os.path.join("checkpoints", options.name)
    return options


def prepare(options):
    """Reads and splits the tables. Returns the features, the training and validation pairs of (vector, target), the
    score's standard deviation in the training set, and the releases. Raises ValueError for tables that teach nothing.
    """
    rows = read_tables(options.tables)
    scored = [row for row in rows if number(row, TARGET) is not None]
    groups = {False: [], True: []}
    for row in scored:
        groups[in_validation(row["participant_id"], options.seed)].append(row)
    scores = [number(row, TARGET) for row in groups[False]]
    if not groups[True] or len(set(scores)) < 2:
        raise ValueError(f"too few subjects with a value for {TARGET}: {len(scored)}")
    features = Features(groups[False])
    mean, scale = statistics.fmean(scores), statistics.pstdev(scores)
    training, validation = (
        [(features.vector(row), (number(row, TARGET) - mean) / scale) for row in groups[part]] for part in (False, True)
    )
    print(f"{len(training)} subjects to train on, {len(validation)} to validate, {len(rows) - len(scored)} without "
          f"{TARGET}; columns that never vary: {', '.join(features.unused) or 'none'}")
    return features, training, validation, scale, sorted({row.get("release_number") or "unknown" for row in scored})


def main():
    """Reads, trains and logs. Returns the exit code: 0 completed, 1 failed, 2 unusable tables, 130 stopped."""
    options = parse_arguments()
    try:
        features, training, validation, scale, releases = prepare(options)
    except (OSError, ValueError, csv.Error) as error:
        print(f"Can't use these tables: {error}", file=sys.stderr)
        return 2
    network = Network(len(training[0][0]), options.hidden, random.Random(options.seed))
    description = {
        "name": options.name,
        "model": {"name": "TanhNetwork", "architecture": "mlp", "parameters": sum(map(len, network.rows)),
                  "version": "1", "hidden": options.hidden, "inputs": [column[0] for column in features.columns]},
        "config": {"batch_size": options.batch_size, "max_epochs": options.epochs, "optimizer": "Adam", "loss": "MSE",
                   "learning_rate": options.learning_rate, "seed": options.seed, "device": "cpu"},
        "dataset": {"releases": releases, "train_windows": len(training), "val_windows": len(validation)},
        "tags": options.tags,
        "createdBy": getpass.getuser(),
        "hostname": socket.gethostname(),
        "checkpointDir": options.checkpoint_dir,
    }
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # A scheduler's stop ends the run as Ctrl-C does.
    try:
        with Run(GraphQLClient(options.url), **description) as run:
            print(f"experiment {run.id}: {options.name}", flush=True)
            train(options, run, network, training, validation, scale)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except ServerUnreachable as error:
        print(f"No Epochgraph server answers at {options.url} ({error}). Start one with `npm start` in the "
              "project's folder, or name another with --url.", file=sys.stderr)
        return 1
    except RequestRefused as error:
        print(f"The server refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
