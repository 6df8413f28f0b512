#!/usr/bin/env python3
"""Train a small neural network and watch it learn in Epochgraph.

The network predicts the `externalizing` score of a BIDS participants table from the table's other columns: one hidden
layer of tanh units, mini-batch Adam, written out in plain Python so that nothing needs to be installed. Every epoch
goes to an Epochgraph server as it ends, and so does a checkpoint whenever the validation loss improves. Without a server
it trains all the same; what it logged is delivered later.

    python3 train_externalizing.py R1/participants.tsv R2/participants.tsv

Losses are mean squared errors of the standardised score, so that 1.0 is what always guessing the training mean would
cost; val_mae and val_rmse are in the units of the score itself.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import os
import random
import signal
import statistics
import sys
import time
from datetime import datetime
from operator import mul
from pathlib import Path

try:
    import resource
except ImportError:  # Windows has no getrusage: the run is then logged without its memory use.
    resource = None

try:
    from epochgraph import ExperimentTracker
except ImportError:  # Not installed: take it from this clone.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "clients" / "python"))
    from epochgraph import ExperimentTracker

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


# ── What is logged ──

def memory_in_use():
    """The trainer's memory as the tracker takes it; None where the system does not tell."""
    if not resource:
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes on macOS, in KiB elsewhere.
    return {"cpu_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}


def write_weights(epoch, network, directory):
    """Writes the weights to a JSON file of their own, whole or not at all. Returns what the tracker is told of it."""
    path = Path(directory) / f"epoch-{epoch:04}.json"
    content = json.dumps({"epoch": epoch, "step": network.step, "rows": network.rows}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)
    checksum = "sha256:" + hashlib.sha256(content).hexdigest()
    return {"path": path, "size_mb": len(content) / 2**20, "checksum": checksum, "format": "json"}


# ── Command line ──

def train(options, run, network, training, validation, scale):
    """Trains for options.epochs epochs, logging each; the learning rate falls along a cosine to a tenth."""
    shuffler = random.Random(options.seed + 1)
    best_loss = math.inf
    for epoch in range(options.epochs):
        began, began_at = time.perf_counter(), time.time()
        cosine = (1 + math.cos(math.pi * epoch / options.epochs)) / 2
        learning_rate = options.learning_rate * (0.1 + 0.9 * cosine)
        shuffler.shuffle(training)
        batches = [training[i : i + options.batch_size] for i in range(0, len(training), options.batch_size)]
        squares = sum(network.train_batch(batch, learning_rate) for batch in batches)
        validation_began = time.perf_counter()
        metrics = {"train_loss": squares / len(training), **evaluate(network, validation, scale)}
        metrics["learning_rate"] = learning_rate
        ended, seconds = time.perf_counter(), time.perf_counter() - began
        timing = {"duration_seconds": seconds, "samples_per_second": len(training) / seconds,
                  "epoch_start": began_at, "epoch_end": time.time()}
        run.log_epoch(epoch, metrics, timing, memory_in_use())
        is_best = metrics["val_loss"] < best_loss
        if is_best:
            best_loss = metrics["val_loss"]
            state = {"optimizer": "Adam", "scheduler": "cosine", "epoch": epoch, "step": network.step}
            judged = {"n_samples": len(validation), "inference_time_ms": 1000 * (ended - validation_began)}
            file = write_weights(epoch, network, options.checkpoint_dir)
            run.save_checkpoint_info(epoch, metrics, file, is_best=True, model_state=state, validation=judged)
        if not options.quiet:
            line = "epoch {:4}   train_loss {train_loss:.4f}   val_loss {val_loss:.4f}   val_r2 {val_r2:+.3f}"
            print(line.format(epoch, **metrics) + f"   {seconds:.2f} s{'   best' if is_best else ''}", flush=True)
        time.sleep(options.pause)


def parse_arguments():
    """The command line, checked: a number out of range ends the program with a sentence."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tables", nargs="+", help="BIDS participants.tsv files, of one or several releases")
    parser.add_argument("--url", help="of the server (default: EPOCHGRAPH_URL, or http://127.0.0.1:4000/graphql)")
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
        "experiment_name": options.name,
        "model": {"name": "TanhNetwork", "architecture": "mlp", "parameters": sum(map(len, network.rows)),
                  "version": "1", "hidden": options.hidden, "inputs": [column[0] for column in features.columns]},
        "config": {"batch_size": options.batch_size, "max_epochs": options.epochs, "optimizer": "Adam", "loss": "MSE",
                   "learning_rate": options.learning_rate, "seed": options.seed, "device": "cpu"},
        "dataset": {"releases": releases, "train_windows": len(training), "val_windows": len(validation)},
        "tags": options.tags,
        "checkpoint_dir": options.checkpoint_dir,
    }
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # A scheduler's stop ends the run as Ctrl-C does.
    with ExperimentTracker(options.url) as tracker:
        try:
            with tracker.run(**description) as run:
                print(f"experiment {run.id}: {options.name}", flush=True)
                train(options, run, network, training, validation, scale)
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
