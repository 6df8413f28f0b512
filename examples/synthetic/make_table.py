#!/usr/bin/env python3
"""Write an invented participants table, in the shape of the HBN-EEG ones, to standard output.

    python3 make_table.py > participants.tsv

No row describes a person: everything is drawn from a random generator with a fixed seed. The externalizing score
depends on the other columns, not only linearly, so that there is something to learn from it.
"""

import math
import random

SUBJECTS = 400
TASKS = (
    "RestingState DespicableMe FunwithFractals ThePresent DiaryOfAWimpyKid contrastChangeDetection_1 "
    "contrastChangeDetection_2 contrastChangeDetection_3 surroundSupp_1 surroundSupp_2 seqLearning6target "
    "seqLearning8target symbolSearch"
).split()
SCORES = ["p_factor", "attention", "internalizing", "externalizing"]
COLUMNS = ["participant_id", "release_number", "sex", "age", "ehq_total", "commercial_use", "full_pheno"]


def subject(index, rng):
    """The cells of one invented subject, in the order of the columns."""
    sex, age = rng.choice("FM"), rng.uniform(5, 20)
    p_factor, attention, internalizing = (rng.gauss(0, 1) for _ in range(3))
    signal = 0.5 * p_factor + 0.4 * math.tanh(2 * attention) - 0.3 * internalizing + 0.3 * math.cos(age / 3)
    externalizing = signal + (0.25 if sex == "M" else -0.25) + rng.gauss(0, 0.6)
    handedness = rng.choices((rng.uniform(41, 100), rng.uniform(-100, -41), rng.uniform(-40, 40)), (80, 8, 12))[0]
    scores = [f"{score:.3f}" for score in (p_factor, attention, internalizing, externalizing)]
    if rng.random() < 0.03:
        scores = ["n/a"] * len(scores)
    cells = [f"sub-SYN{index:04}", "synthetic", sex, f"{age:.4f}"]
    cells.append("n/a" if rng.random() < 0.04 else f"{handedness:.2f}")
    cells += ["Yes", "Yes" if rng.random() < 0.75 else "No", *scores]
    return cells + rng.choices(("available", "unavailable", "caution"), (75, 20, 5), k=len(TASKS))


if __name__ == "__main__":
    generator = random.Random(2025)
    print(*COLUMNS, *SCORES, *TASKS, sep="\t")
    for number in range(1, SUBJECTS + 1):
        print(*subject(number, generator), sep="\t")
