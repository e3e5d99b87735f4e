"""What the notebook on delayed robustness states as facts of the bundled run, computed from it."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.training.attacks.zero_gradients import ZeroGradients
from tests.notebooks.reading import words

NAME = "07_grokking_and_delayed_robustness"
RUN = sv.Run.bundled("digits-robust-small")
TABLE = RUN.metrics.loc[RUN.steps]
DATA = sv.recipes.data("digits-robust-small", 0)
FITTED, FIRST, PEAK, LAST = 103, 117, 6262, 20_000

# Not facts of a run: headings, code, and links.
_NO_WORDS = re.compile(r"^#.*$|`[^`]*`|\]\([^)]*\)", re.MULTILINE)


def lc(probe, layers=range(3)):
    return sum(TABLE[f"lc_{probe}_{layer}"] for layer in layers)


def rounded(curve, steps, digits=1):
    return [round(float(curve[step]), digits) for step in steps]


@cache
def dead(step):
    digits = np.concatenate([DATA.train_inputs, DATA.test_inputs])
    values = np.concatenate(RUN.program(step).pre_activations(digits), axis=1)
    return (values <= 0).all(axis=0)


@cache
def crossed(step):
    """The local complexity of each neuron at the training digits, counted here."""
    found = sv.local_complexity(
        RUN.program(step), DATA.train_inputs, radius=0.05, directions=25, seed=0
    )
    offsets = 0.05 * np.concatenate([found.directions, -found.directions])
    vertices = DATA.train_inputs[:, None].astype(np.float64) + offsets
    values = RUN.program(step).pre_activations(vertices.reshape(-1, 64))
    on = (np.concatenate(values, axis=1) > 0).reshape(200, len(offsets), -1)
    counts = (on.any(axis=1) & ~on.all(axis=1)).mean(axis=0)
    assert counts.sum() == pytest.approx(found.counts.sum(axis=1).mean())
    assert counts.sum() == pytest.approx(lc("training")[step], abs=0.05)
    return counts


def half_of_the_gain(eps):
    later = TABLE.loc[FIRST:, f"test_pgd_eps{eps}_accuracy"]
    return later.index[later >= (later.iloc[0] + later.iloc[-1]) / 2][0] / FITTED


def share_before_the_peak():
    attacked = TABLE["test_pgd_eps0.1_accuracy"]
    return (attacked[PEAK] - attacked[FIRST]) / (attacked[LAST] - attacked[FIRST])


def is_the_run_that_is_described():
    program = RUN.program(0)
    widths = [activation.width for activation in program.activations]
    largest = max(abs(RUN.model(0).state_dict()["0.weight"]).flatten())
    # The usual weights of a layer with 64 inputs lie between -1/8 and 1/8.
    usual = 1 / np.sqrt(64)
    shapes = (len(RUN.samples[0]), program.input_shape) == (200, (64,))
    return widths == [100] * 3 and shapes and 2.9 < largest / usual <= 3.001 and LAST in RUN.steps


def pixels_run_from_zero_to_one():
    inputs = DATA.train_inputs
    return (inputs.min(), inputs.max()) == (0, 1)


def is_right_on_all_at_103():
    accuracy = RUN.metrics["train_accuracy"]
    return accuracy.index[accuracy == 1][0] == FITTED


def generalizes_early():
    test = RUN.metrics["test_accuracy"]
    nine_in_ten = test.index[test >= 0.9][0]
    return rounded(TABLE["test_accuracy"], (FIRST, LAST), 2) == [0.89, 0.96] and (
        nine_in_ten < 1.5 * FITTED
    )


def becomes_robust_late():
    attacked = TABLE["test_pgd_eps0.1_accuracy"]
    return rounded(attacked, (FIRST, LAST), 2) == [0.02, 0.4] and half_of_the_gain(0.1) > 10


def rises_and_falls():
    training = lc("training")
    turns = (training.loc[:FITTED].idxmin(), training.idxmax()) == (8, PEAK)
    return turns and rounded(training, (0, 8, PEAK, LAST)) == [6.3, 5.9, 10.0, 3.6]


def rises_sixty_times_as_long():
    return round(PEAK / FITTED, -1) == 60


def others_do_not_join():
    return rounded(lc("test"), (FIRST, PEAK)) == [6.4, 6.3]


def boundary_gains_less():
    boundary, training = lc("boundary"), lc("training")
    assert boundary.loc[PEAK:].idxmax() == 16_943
    assert boundary.max() - boundary[PEAK] < (training[PEAK] - training[LAST]) / 3
    return rounded(boundary, (PEAK, 16_943, LAST)) == [6.1, 7.7, 6.5]


def falls_most_in_the_deepest_layer():
    first, last = (lc("training", [layer]) for layer in (0, 2))
    return rounded(first, (PEAK, LAST)) == [3.5, 1.9] and rounded(last, (PEAK, LAST)) == [3.3, 0.6]


def neurons_die():
    return (dead(PEAK).sum(), dead(LAST).sum(), dead(LAST).size) == (26, 65, 300)


def most_came_before_the_fall():
    return 0.5 < share_before_the_peak() < 0.75


def softmax_blinds():
    """It changes no prediction, the attack finds less, and says why."""
    few = DATA.test_inputs[:200], DATA.test_labels[:200]
    network = RUN.model(LAST)
    steep = torch.nn.Sequential(network, Steep())
    with torch.no_grad():
        x = torch.from_numpy(few[0])
        assert (steep(x).argmax(dim=1) == network(x).argmax(dim=1)).all()
    plain = sv.pgd_accuracy(network, *few, eps=0.1, bounds=(0, 1))
    with pytest.warns(ZeroGradients, match="softmax"):
        blind = sv.pgd_accuracy(steep, *few, eps=0.1, bounds=(0, 1))
    return blind > plain + 0.3


class Steep(torch.nn.Module):
    def forward(self, outputs):
        return torch.softmax(1000 * outputs, dim=1)


FACTS = {
    "A network with three hidden layers of 100 neurons learned 200 digits of 8 × 8 pixels, in "
    "20,000 steps, from weights three times the usual size.": is_the_run_that_is_described,
    "each pixel, which runs from 0 to 1,": pixels_run_from_zero_to_one,
    "All training digits are right at step 103 for the first time.": is_right_on_all_at_103,
    "At step 117 test accuracy is 89 %, at the end 96 %: generalization is hardly "
    "delayed.": generalizes_early,
    "At eps 0.1, accuracy is 2 % at step 117 and 40 % at the end: **robustness is "
    "delayed**.": becomes_robust_late,
    "At the training digits LC dips from 6.3 to 5.9, climbs to 10.0 at step 6,262, and falls to "
    "3.6.": rises_and_falls,
    "the climb lasts sixty times as long as fitting.": rises_sixty_times_as_long,
    "Test digits do not join in: 6.4 at step 117, 6.3 at step 6,262.": others_do_not_join,
    "On the decision boundary LC is 6.1 at step 6,262, 7.7 at step 16,943, and 6.5 at the end: far "
    "less arrives there than leaves the training digits.": boundary_gains_less,
    "From step 6,262 on LC falls from 3.5 to 1.9 in layer 0, from 3.3 to 0.6 in layer "
    "2.": falls_most_in_the_deepest_layer,
    "Dead are 26 of 300 neurons at step 6,262, 65 at the end.": neurons_die,
    "The softmax makes nothing safer; it blinds the attack.": softmax_blinds,
    "Here the ascent lasts longer, and more than half of the robustness came before the "
    "fall.": most_came_before_the_fall,
}

# Sentences with numbers that are no facts of the run.
OTHERS = [
    "which curves still rise after step 1,000?",
    "(*Deep Networks Always Grok and Here is Why*, "
    "[arXiv:2402.15555](https://arxiv.org/abs/2402.15555))",
]


def the_smaller_ball_waits_less():
    return half_of_the_gain(0.05) < half_of_the_gain(0.1)


def most_of_the_fall_is_of_living_neurons():
    fall = crossed(PEAK) - crossed(LAST)
    return fall[dead(LAST)].sum() / fall.sum() < 0.2


def radii_do_not_agree():
    found = RUN.local_complexity(
        radius=[0.005, 0.05], steps=[0, LAST], directions=25, cache=False
    ).mean()
    return (found[1] > found[0]).tolist() == [True, False]


def short_attack_flatters():
    few = DATA.test_inputs[:100], DATA.test_labels[:100]
    short, long = (
        sv.pgd_accuracy(RUN.program(LAST), *few, eps=0.1, bounds=(0, 1), **budget)
        for budget in (sv.attacks.PAPER, {"steps": 100, "restarts": 3})
    )
    return short - long > 0.03


SOLUTIONS = {
    "The smaller the ball, the less robustness is delayed.": the_smaller_ball_waits_less,
    "More than half of the gain is there by then": most_came_before_the_fall,
    "It is the smaller part: most of the fall is living neurons whose boundaries left the training "
    "digits.": most_of_the_fall_is_of_living_neurons,
    "They need not agree, and here they do not.": radii_do_not_agree,
    "The short one flatters the network": short_attack_flatters,
}


@pytest.mark.parametrize("sentence", FACTS)
def test_what_the_notebook_says_of_the_run_is_true(sentence):
    assert sentence in words(NAME)
    assert FACTS[sentence]()


@pytest.mark.parametrize("sentence", SOLUTIONS)
def test_what_the_solutions_say_of_the_run_is_true(sentence):
    assert sentence in words(f"solutions/{NAME}")
    assert SOLUTIONS[sentence]()


def test_every_number_in_the_notebook_is_in_a_sentence_that_is_checked():
    text = words(NAME)
    for sentence in [*FACTS, *OTHERS]:
        assert sentence in text, sentence
        text = text.replace(sentence, "")
    assert re.findall(r"[^.\n]*\d[^.\n]*", _NO_WORDS.sub("", text)) == []
