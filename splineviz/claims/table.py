"""CLAIMS: what is said of training, with the rule that decides. To add one, add a row.

The rules were written down before the runs that decide were trained; the seeds of these runs are
none of those with which recipes and thresholds were found, and rules tried out (below 30).
"""

from __future__ import annotations

from splineviz.claims import complexity_statistics as complexity
from splineviz.claims import geometry_statistics as geometry
from splineviz.claims import robustness_statistics as robustness
from splineviz.claims.claim import Claim, Experiment, Numbers, Rule

PAPER = "Humayun, Balestriero, Baraniuk, ICML 2024 (arXiv 2402.15555)"

ROBUST = Experiment.of("digits-robust-small")
GROKKING = Experiment.of("digits-grokking")
CHECKERBOARD = Experiment.of("checkerboard")
MOONS = Experiment.of("two-moons")
ADDITION = Experiment.of("modular-addition")
CNN = Experiment.of("digits-cnn")
LR_DROP = Experiment.of("digits-lr-drop")
RANDOM_LABELS = Experiment.of("digits-random-labels")
NORM_CROSS_ENTROPY = Experiment.of("digits-batch-norm")
PLAIN_CROSS_ENTROPY = Experiment.of("digits-batch-norm", batch_norm=False)
NORM_MSE = Experiment.of("digits-robust-small", batch_norm=True)
BATCH_NORM = {
    "cross-entropy": {"batch norm": NORM_CROSS_ENTROPY, "control": PLAIN_CROSS_ENTROPY},
    "MSE": {"batch norm": NORM_MSE, "control": ROBUST},
}
DEFAULT_SCALE = Experiment.of("digits-robust-small", scale=1.0)
PENALTY = 0.1
"""Of the Jacobian, in the claims about it; the best of 0.001, 0.01 and 0.1 with seed 0."""


def _alone(*experiments: Experiment) -> dict[str, dict[str, Experiment]]:
    """Cases of one run each."""
    return {str(each): {"run": each} for each in experiments}


def _is_delayed(numbers: Numbers) -> bool:
    """Whether robustness is gained, and half of that not before ten times the step of the fit."""
    return (
        numbers["gain of robust accuracy after the fit"] >= 0.2
        and numbers["step of half the gain / step of the fit"] >= 10
    )


def _first(numbers: Numbers) -> float:
    return next(iter(numbers.values()))


def _others(numbers: Numbers) -> list[float]:
    return [*numbers.values()][1:]


def _only(numbers: Numbers) -> float:
    [number] = numbers.values()
    return number


_ROWS = (
    Claim(
        name="first-descent",
        title="Local complexity at the training points falls first, and how far depends on the "
        "initialization",
        source=f"{PAPER}, section 3, first phase",
        cases={
            "digits, three initial scales": {
                "scale 1": Experiment.of("digits-robust-small", scale=1.0, steps=3000),
                "scale 3": Experiment.of("digits-robust-small", steps=3000),
                "scale 6": Experiment.of("digits-grokking", steps=3000),
            }
        },
        statistic=complexity.first_fall,
        rule=Rule(
            "at scale 1 it falls by at least 20 % before the training points are fitted, and at "
            "scales 3 and 6 by less",
            lambda n: (
                n["first fall, scale 1"] >= 0.2
                and n["first fall, scale 1"]
                > max(n["first fall, scale 3"], n["first fall, scale 6"])
            ),
        ),
        shows_not="Why it falls; other architectures; the first steps alone, in which it may rise.",
    ),
    Claim(
        name="ascent",
        title="Then it rises around the data more than elsewhere",
        source=f"{PAPER}, section 3, second phase",
        cases=_alone(ROBUST, GROKKING, CHECKERBOARD),
        statistic=complexity.ascent,
        rule=Rule(
            "it rises by at least 30 % at the training points, and by at least twice as much there "
            "as at test points and at random points",
            lambda n: (
                n["rise, training points"] >= 0.3
                and n["rise, training points"]
                >= 2 * max(n["rise, test points"], n["rise, random points"])
            ),
        ),
        shows_not="That regions gather around single points: it is a mean over them.",
    ),
    Claim(
        name="ascent-ends-at-fit",
        title="It rises until the training points are interpolated",
        source=f"{PAPER}, section 3, second phase",
        cases=_alone(ROBUST, GROKKING),
        statistic=complexity.peak_after_fit,
        rule=Rule(
            "its peak comes at most 3 times as late as the fit",
            lambda n: _only(n) <= 3,
            lambda n: _only(n) >= 5,
            "its peak comes at least 5 times as late as the fit",
        ),
        shows_not="When a training loss of zero is reached: fitted is an accuracy of 0.99.",
    ),
    Claim(
        name="second-descent",
        title="It falls late in the training",
        source=f"{PAPER}, section 3, third phase: region migration",
        cases=_alone(ROBUST, GROKKING, CHECKERBOARD, CNN),
        statistic=complexity.second_fall,
        rule=Rule("at the end it is at most 70 % of the peak", lambda n: _only(n) >= 0.3),
        shows_not="That regions migrate: neurons that die make it fall too.",
    ),
    Claim(
        name="survivors",
        title="The late fall is migration, not neurons that die",
        source="A check of the third phase; the paper does not count dead neurons",
        cases=_alone(ROBUST, GROKKING, CHECKERBOARD),
        statistic=complexity.fall_of_survivors,
        rule=Rule(
            "counting only neurons that are live at the end it falls by at least 25 %, and those "
            "that die make less than half of the whole fall",
            lambda n: (
                n["fall of the neurons live at the end"] >= 0.25
                and n["share of the fall due to neurons that die"] < 0.5
            ),
            lambda n: n["share of the fall due to neurons that die"] >= 0.8,
            "those that die make at least 80 % of it",
        ),
        shows_not="What dead neurons would have done; a neuron counts as live if it switches "
        "between training points.",
    ),
    Claim(
        name="toward-boundary",
        title="Regions gather at the decision boundary, beside the data",
        source=f"{PAPER}, section 3, third phase: region migration",
        cases=_alone(ROBUST, GROKKING, CHECKERBOARD),
        statistic=complexity.boundary_over_training,
        rule=Rule(
            "local complexity at the decision boundary, relative to the training points, is at "
            "the end at least 1.5 times what it was at the peak, at half, once and twice the "
            "recipe's radius",
            lambda n: all(number >= 1.5 for number in n.values()),
            lambda n: all(number <= 1 for number in n.values()),
            "it is no larger at any radius",
        ),
        shows_not="That it rises at the boundary: the ratio also rises where it falls less.",
    ),
    Claim(
        name="slice-boundary",
        title="On a slice, neuron boundaries are denser at the decision boundary than at the data",
        source=f"{PAPER}, figures 1 and 5, measured exactly",
        cases=_alone(CHECKERBOARD, MOONS),
        statistic=geometry.boundary_density,
        rule=Rule(
            "at the end they are at least 1.25 times as dense, in discs around the points",
            lambda n: n["density, boundary over data, end"] >= 1.25,
        ),
        shows_not="That they came from the data: see the claim slice-control.",
    ),
    Claim(
        name="slice-control",
        title="... and they leave the data more than they leave any other place",
        source="A control for the claim slice-boundary",
        cases=_alone(CHECKERBOARD, MOONS),
        statistic=geometry.control_density,
        rule=Rule(
            "at the end they are at least 1.25 times as dense at points drawn uniformly as at the "
            "data",
            lambda n: n["density, uniform over data, end"] >= 1.25,
        ),
        shows_not="What happens off the slice; both recipes have two inputs, so there is nothing.",
    ),
    Claim(
        name="delayed-robustness",
        title="Robustness comes long after the training points are fitted",
        source=f"{PAPER}, section 2",
        cases=_alone(ROBUST, MOONS),
        statistic=robustness.delayed_robustness,
        rule=Rule(
            "after the fit, accuracy under attack gains at least 0.2, and half of that not before "
            "10 times the step of the fit",
            _is_delayed,
        ),
        shows_not="Robust accuracy itself: attacks give an upper bound.",
    ),
    Claim(
        name="no-special-start",
        title="... without any special initialization",
        source=f"{PAPER}, section 2 (CNNs and ResNets)",
        cases=_alone(DEFAULT_SCALE, Experiment.of("digits-cnn", scale=1.0)),
        statistic=robustness.delayed_robustness,
        rule=Rule(
            "as for delayed-robustness, with torch's default initial weights",
            _is_delayed,
            lambda n: n["gain of robust accuracy after the fit"] <= -0.1,
            "accuracy under attack falls by at least 0.1",
        ),
        shows_not="What far longer trainings, larger networks and photographs do: the paper's are "
        "up to 500,000 steps on CIFAR.",
    ),
    Claim(
        name="delayed-generalization",
        title="Test accuracy comes long after the training points are fitted",
        source=f"{PAPER}, section 2; Liu et al. 2023 for large initial weights",
        cases=_alone(GROKKING, ADDITION),
        statistic=robustness.delayed_generalization,
        rule=Rule(
            "a test accuracy of 0.9 comes at least 3 times as late as the fit",
            lambda n: _only(n) >= 3,
        ),
        shows_not="That it does without large initial weights or weight decay.",
    ),
    Claim(
        name="generalization-after-peak",
        title="Generalization comes with or after the second descent",
        source=f"{PAPER}, section 3",
        cases=_alone(GROKKING),
        statistic=robustness.generalization_and_peak,
        rule=Rule(
            "a test accuracy of 0.9 does not come before the peak",
            lambda n: _only(n) >= 1,
            lambda n: _only(n) < 1,
            "it comes before the peak",
        ),
        shows_not="What is the cause of what.",
    ),
    Claim(
        name="robustness-after-peak",
        title="Robustness comes with or after the second descent",
        source=f"{PAPER}, section 3",
        cases=_alone(ROBUST, GROKKING),
        statistic=robustness.robustness_before_peak,
        rule=Rule(
            "less than a quarter of the gain of accuracy under attack comes before the peak",
            lambda n: _only(n) < 0.25,
            lambda n: _only(n) > 0.5,
            "more than half of it does",
        ),
        shows_not="What is the cause of what.",
    ),
    Claim(
        name="fall-needed",
        title="Robustness needs the second descent",
        source=f"Implied by {PAPER}, section 3",
        cases={str(LR_DROP): {"no fall": LR_DROP, "control": ROBUST}},
        statistic=robustness.robustness_without_fall,
        rule=Rule(
            "where local complexity falls by less than 30 % from its peak, accuracy under attack "
            "gains less than half of what it gains with the fall",
            lambda n: n["gain, changed over control"] < 0.5,
            lambda n: n["gain, changed over control"] >= 0.7,
            "it gains at least 70 % of that",
            lambda n: n["fall from the peak, changed"] < 0.3 and n["gain, control"] >= 0.2,
            "the fall is less than 30 %, and the control gains at least 0.2",
        ),
        shows_not="That the two are unrelated where both happen.",
    ),
    Claim(
        name="deep-layers",
        title="Deep layers migrate most",
        source=f"{PAPER}, section 3",
        cases=_alone(ROBUST, GROKKING, CHECKERBOARD),
        statistic=complexity.fall_by_layer,
        rule=Rule(
            "the late fall of the first hidden layer is smaller than that of each other one",
            lambda n: _first(n) < min(_others(n)),
            lambda n: _first(n) > max(_others(n)),
            "it is larger than that of each other one",
        ),
        shows_not="Networks of more than three hidden layers.",
    ),
    Claim(
        name="batch-norm-fall",
        title="Batch normalization inhibits migration",
        source=f"{PAPER}, section 4",
        cases=BATCH_NORM,
        statistic=complexity.fall_beside_control,
        rule=Rule(
            "local complexity falls from its peak by less than half of what it falls without",
            lambda n: n["fall from the peak, batch norm"] < 0.5 * n["fall from the peak, control"],
            lambda n: n["fall from the peak, batch norm"] >= n["fall from the peak, control"],
            "it falls by at least as much",
            lambda n: n["fall from the peak, control"] >= 0.3,
            "without batch normalization it falls by at least 30 %",
        ),
        shows_not="Convolutional networks, where the paper uses it.",
    ),
    Claim(
        name="batch-norm-grokking",
        title="Batch normalization inhibits delayed robustness",
        source=f"{PAPER}, section 4",
        cases=BATCH_NORM,
        statistic=robustness.gain_beside_control,
        rule=Rule(
            "accuracy under attack gains less than half of what it gains without",
            lambda n: (
                n["gain of robust accuracy, batch norm"]
                < 0.5 * n["gain of robust accuracy, control"]
            ),
            lambda n: (
                n["gain of robust accuracy, batch norm"] >= n["gain of robust accuracy, control"]
            ),
            "it gains at least as much",
            lambda n: n["gain of robust accuracy, control"] >= 0.2,
            "without batch normalization it gains at least 0.2",
        ),
        shows_not="Convolutional networks, where the paper uses it.",
    ),
    Claim(
        name="weight-decay",
        title="Weight decay acts non-monotonically: neither none nor much is best",
        source=f"{PAPER}, section 4",
        cases={
            "digits, three weight decays": {
                "none": Experiment.of("digits-robust-small", weight_decay=0.0),
                "0.05": ROBUST,
                "0.2": Experiment.of("digits-robust-small", weight_decay=0.2),
            }
        },
        statistic=robustness.late_robustness,
        rule=Rule(
            "at the end accuracy under attack is larger with 0.05 than with none and with 0.2",
            lambda n: (
                n["robust accuracy, 0.05"]
                > max(n["robust accuracy, none"], n["robust accuracy, 0.2"])
            ),
        ),
        shows_not="Where the best lies: it is three values.",
    ),
    Claim(
        name="random-labels",
        title="Memorizing random labels makes local complexity larger, and keeps it",
        source=f"{PAPER}, section 4",
        cases={
            str(RANDOM_LABELS): {"random labels": RANDOM_LABELS, "true labels": ROBUST},
        },
        statistic=complexity.memorization,
        rule=Rule(
            "at its peak it is at least 1.5 times, at the end at least twice that with true labels",
            lambda n: (
                n["peak, random over true labels"] >= 1.5 and n["end, random over true labels"] >= 2
            ),
        ),
        shows_not="Shares of random labels between none and all.",
    ),
    Claim(
        name="modular-addition",
        title="Local complexity falls where modular addition is learned",
        source=f"{PAPER}, section 3 (a transformer)",
        cases=_alone(ADDITION),
        statistic=complexity.second_fall,
        rule=Rule(
            "at the end it is at most 70 % of the peak",
            lambda n: _only(n) >= 0.3,
            lambda n: _only(n) <= 0.1,
            "at the end it is at least 90 % of it",
        ),
        shows_not="The paper's transformer: this is an MLP.",
    ),
    Claim(
        name="stands-for-crossings",
        title="Local complexity stands for the neuron boundaries that cross a neighborhood",
        source=f"{PAPER}, section 3, on which its use rests",
        cases=_alone(CHECKERBOARD),
        statistic=geometry.complexity_and_crossings,
        rule=Rule(
            "at the fit, at the peak and at the end, counts at the training points correlate by at "
            "least 0.9 with exact ones in the disc of the same radius, and miss less than 5 % of "
            "its boundaries",
            lambda n: (
                n["correlation, least of three"] >= 0.9 and n["share missed, most of three"] < 0.05
            ),
        ),
        shows_not="Inputs of many dimensions, where nobody can count exactly. Inside the square "
        "that its four vertices span it misses less.",
    ),
    Claim(
        name="average-degree",
        title="A region of a slice has at most four neighbors on average",
        source="Gaines and Bi, ICLR 2026; here for a slice of two dimensions",
        cases=_alone(CHECKERBOARD, ROBUST, CNN),
        statistic=geometry.average_degree,
        rule=Rule("it has, at all of the last four checkpoints", lambda n: _only(n) <= 4),
        shows_not="More dimensions; it is a theorem for lines, and bent ones are the question.",
    ),
    Claim(
        name="patterns-settle-first",
        title="Activation patterns settle before the function does",
        source="arXiv 2602.08333",
        cases=_alone(ROBUST, CHECKERBOARD),
        statistic=geometry.churn_and_robustness,
        rule=Rule(
            "from some step on fewer than 1 % of the neurons change their state at a training "
            "point within tenfold steps, and that step comes before half of the gain of accuracy "
            "under attack",
            lambda n: n["step of little churn / step of half the gain"] < 1,
            lambda n: n["step of little churn / step of half the gain"] >= 2,
            "that is so no earlier than at twice that step, or never",
            lambda n: n["gain of robust accuracy after the fit"] >= 0.2,
            "accuracy under attack gains at least 0.2",
        ),
        shows_not="What a change of state changes of the function.",
    ),
    Claim(
        name="jacobian",
        title="Regularizing the Jacobian makes grokking earlier",
        source="GrokAlign, arXiv 2506.12284",
        cases={
            str(GROKKING): {
                "changed": Experiment.of("digits-grokking", jacobian_penalty=PENALTY),
                "control": GROKKING,
            },
        },
        statistic=robustness.time_to_generalize,
        rule=Rule(
            "a test accuracy of 0.9 comes in at most half of the steps",
            lambda n: _only(n) <= 0.5,
            lambda n: _only(n) >= 1,
            "it comes no earlier",
        ),
        shows_not="Whether another factor of the penalty does more.",
    ),
    Claim(
        name="jacobian-robustness",
        title="Regularizing the Jacobian makes delayed robustness earlier",
        source="GrokAlign, arXiv 2506.12284",
        cases={
            str(ROBUST): {
                "changed": Experiment.of("digits-robust-small", jacobian_penalty=PENALTY),
                "control": ROBUST,
            },
        },
        statistic=robustness.time_to_robustness,
        rule=Rule(
            "half of what accuracy under attack gains without it is reached in at most half of the "
            "steps",
            lambda n: n["step of half the control's gain, changed over control"] <= 0.5,
            lambda n: n["step of half the control's gain, changed over control"] >= 1,
            "it is reached no earlier",
            lambda n: n["gain, control"] >= 0.2,
            "the control gains at least 0.2",
        ),
        shows_not="Whether another factor of the penalty does more.",
    ),
    Claim(
        name="cross-polytope",
        title="Local complexity's cross-polytope stands for a ball of the same radius",
        source=f"{PAPER}, section 3.1, on which its use rests",
        cases=_alone(ROBUST),
        statistic=geometry.cross_polytope_and_ball,
        rule=Rule(
            "the least radius at which it crosses a boundary is, in the median over training "
            "points, at most twice the distance to the nearest one, and the logarithms of the two "
            "correlate by at least 0.8, at the fit, at the peak and at the end",
            lambda n: (
                n["radius that sees a boundary over its distance, median, most of three"] <= 2
                and n["correlation of their logarithms, least of three"] >= 0.8
            ),
            lambda n: (
                n["radius that sees a boundary over its distance, median, least of three"] >= 3
            ),
            "the radius is at least three times as large",
        ),
        shows_not="How many boundaries cross the ball: only whether the nearest one does.",
    ),
)

CLAIMS: dict[str, Claim] = {claim.name: claim for claim in _ROWS}
