"""RECIPES: the experiments by name. To add one, add a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from splineviz.training.recipes.recipe import Change, Recipe

# Attacks on digits, and on points of the plane of about unit size.
_DIGITS: Mapping[str, Any] = {"eps": (0.05, 0.1), "bounds": (0.0, 1.0)}
_PLANE: Mapping[str, Any] = {"eps": (0.1, 0.2), "radius": 0.1, "directions": 2}
_ROBUST_SMALL: Mapping[str, Any] = {
    "data_set": "digits",
    "architecture": "mlp",
    "network_options": {"width": 100, "scale": 3.0},
    "steps": 20_000,
    "learning_rate": 3e-3,
    "weight_decay": 0.05,
    **_DIGITS,
}

_ROWS = (
    Recipe(
        name="checkerboard",
        summary="neuron boundaries gather at the decision boundary, and neurons die",
        shows="""\
A small network learns a 3 x 3 checkerboard. At step 0 the boundaries of the neurons are a tangle of
random lines. All training points are right after at most 200 steps. From about step 100 on lines
gather at the decision boundary, for most of the training; until about step 4,000 they also get a
little denser everywhere. Then there are fewer, at the training points as at any others, for the
most part because neurons die: by the end, about half of the first layer and two thirds of the
second are off at all training points. Seen with three seeds, of which one loses few lines.""",
        data_set="checkerboard",
        architecture="mlp",
        network_options={"scale": 1.5},
        steps=30_000,
        learning_rate=5e-3,
        weight_decay=0.1,
        **_PLANE,
    ),
    Recipe(
        name="two-moons",
        summary="a training in seconds; regions get fewer and wider, but do not migrate",
        shows="""\
The training points are right within 100 steps. Until step 2,000 to 5,000 some more lines gather at
them; then regions get fewer and wider, and by step 20,000 less than half of them are left. Part of
this is neurons dying: by the end, half of the last two layers.

It shows neither region migration nor delayed robustness: at the end neuron boundaries lie less
densely at the decision boundary than at the training points, and 95 to 98 % of the test points
resist an attack (PGD, L-infinity, 0.1) when the training points are right for the first time, 98 %
at the end. Seen with three seeds.""",
        data_set="two-moons",
        architecture="mlp",
        network_options={"scale": 2.0},
        steps=20_000,
        learning_rate=5e-3,
        weight_decay=0.1,
        **_PLANE,
    ),
    Recipe(
        name="digits-robust-small",
        summary="delayed robustness: it comes long after the digits are fitted",
        shows="""\
Initial weights three times the usual size; 200 digits are fitted after around 80 steps. Accuracy on
other digits under an attack comes much later, within 20,000 steps. Local complexity around the
training points rises long after they are fitted, up to step 4,500 to 7,400, and falls then. Seen
with three seeds.""",
        **_ROBUST_SMALL,
    ),
    Recipe(
        name="digits-grokking",
        summary="delayed generalization: digits are learned long after they are fitted",
        shows="""\
Initial weights six times the usual size let the network fit 200 digits by step 1,300 with a test
accuracy near a third. Weight decay then takes it to 0.9 around step 5,000; accuracy on adversarial
examples rises with it and goes on rising until about step 20,000.

While the test accuracy rises, local complexity at the training points rises too, until about step
11,000, and falls only then. Most of this fall comes before neurons die: these do late, and by the
end about half of the first layer and of the third are off at all training points. Seen with two
seeds, at radius 0.05.""",
        **{
            **_ROBUST_SMALL,
            "network_options": {"width": 100, "scale": 6.0},
            "steps": 40_000,
        },
    ),
    Recipe(
        name="digits-robust",
        summary="delayed robustness, as digits-robust-small with twice the width",
        shows="""\
As digits-robust-small, with layers of 200 neurons: the three phases of local complexity around the
training points: a fall of 15 to 22 %, a rise of 49 to 63 %, a fall of 74 to 76 %. The digits are
fitted at step 56 to 79; accuracy on other digits under an attack (PGD of 10 steps, 0.1) goes from
0.11 to 0.52, half of it by step 3,000 to 4,000. Part of the late fall is neurons dying: about half
of each layer are off at the end. Seen with three seeds.""",
        **{**_ROBUST_SMALL, "network_options": {"width": 200, "scale": 3.0}},
    ),
    Recipe(
        name="digits-lr-drop",
        summary="robustness comes though local complexity does not fall",
        shows="""\
As digits-robust-small until step 3,500; then a tenth of the learning rate and ten times the
weight decay. Local complexity around the training points falls no more, and yet 83 to 89 % of
the robustness comes that comes otherwise: the late fall is not needed for it. Seen with three
seeds.""",
        changes=(Change(3500, learning_rate=0.1, weight_decay=10.0),),
        **_ROBUST_SMALL,
    ),
    Recipe(
        name="digits-random-labels",
        summary="what memorizing labels drawn at random does to local complexity",
        shows="""\
As digits-robust-small, with labels that are drawn at random for all training points: there is
nothing to learn but them, and accuracy on other digits stays at chance. Local complexity around the
training points rises further, to 16.7 at step 6,300, and is 9.7 at the end. Seen with one seed.""",
        data_options={"random_labels": 1.0},
        **_ROBUST_SMALL,
    ),
    Recipe(
        name="digits-batch-norm",
        summary="with batch normalization local complexity rises and stays",
        shows="""\
Batch normalization, torch's default initialization, cross-entropy and no weight decay: local
complexity around the training points about doubles and stays there, and no robustness comes. Seen
with two seeds. Without batch normalization the same settings do not grok either, and with the mean
squared error and weight decay batch normalization prevents neither the fall nor robustness: no
general rule follows.""",
        data_set="digits",
        architecture="mlp",
        network_options={"width": 100, "batch_norm": True},
        loss="cross-entropy",
        steps=20_000,
        learning_rate=1e-3,
        weight_decay=0.0,
        **_DIGITS,
    ),
    Recipe(
        name="modular-addition",
        summary="classic grokking, without a fall of local complexity",
        shows="""\
Training pairs are right after about 80 steps, when no test pair is; these are after about 2,000
steps. Local complexity around the training points does not fall while that happens, except in the
second layer: a counter-example to a fall that goes with generalization. Seen with three seeds.""",
        data_set="modular-addition",
        architecture="mlp",
        network_options={"width": 128, "depth": 2},
        loss="cross-entropy",
        steps=6_000,
        learning_rate=3e-3,
        weight_decay=1.0,
        batch_size=None,
    ),
    Recipe(
        name="digits-cnn",
        summary="a small convolutional network: local complexity rises, and does not fall",
        shows="""\
Two convolutions and two dense layers, with initial weights three times the usual size. Digits are
fitted after around 100 steps and learned at the same time. Within 6,000 steps accuracy on other
digits under an attack (PGD, 0.1) rises from 0.04 to 0.11 only, and local complexity around the
training points rises to the end: it shows neither delayed generalization nor a late fall. Seen with
one seed.""",
        data_set="digits",
        architecture="cnn",
        network_options={"scale": 3.0},
        steps=6_000,
        learning_rate=3e-3,
        weight_decay=0.05,
        **_DIGITS,
    ),
    Recipe(
        name="sine",
        summary="a regression: a wave in one half of a square, and 0 in the other",
        shows="""\
The function is a wave in one half of the square, and 0 in the other. The mean squared error on
other points is 0.001 at the end; local complexity around the training points stays between 3.0 and
3.7. Seen with one seed.""",
        data_set="sine",
        architecture="mlp",
        steps=10_000,
        learning_rate=3e-3,
        weight_decay=0.01,
        radius=0.1,
        directions=2,
    ),
    Recipe(
        name="xor",
        summary="delayed generalization and robustness, while local complexity rises",
        shows="""\
Initial weights three times the usual size let the network fit 400 points by step 400; other points
are 90 % right at step 8,900, and all are at the end. Accuracy under an attack (PGD, 0.5) comes
later still, from 0.05 then to 1. Local complexity around the training points rises from 2.5 to 5.7,
and falls around the decision boundary: delayed generalization and robustness without a late fall,
and without migration. Seen with one seed.""",
        data_set="xor",
        architecture="mlp",
        network_options={"width": 100, "depth": 1, "scale": 3.0},
        steps=20_000,
        learning_rate=1e-3,
        weight_decay=0.1,
        radius=0.1,
        eps=(0.25, 0.5),
        bounds=(-1.0, 1.0),
    ),
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in sorted(_ROWS, key=lambda r: r.name)}
