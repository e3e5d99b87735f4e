from __future__ import annotations

import math

import pytest

from splineviz.drawing.metric_names import MetricName


@pytest.mark.parametrize(
    ("name", "group", "eps", "strength"),
    [
        ("pgd_0.1", "PGD", "0.1", 0.1),
        ("fgsm_eps_0.03", "FGSM", "0.03", 0.03),
        ("adv/acc@8/255", "adversarial", "8/255", 8 / 255),
        ("test_pgd_eps0.03_accuracy", "test PGD", "0.03", 0.03),
        ("adversarial accuracy (eps=.1)", "adversarial", ".1", 0.1),
        ("acc_eps_1e-3", "adversarial", "1e-3", 1e-3),
        ("ε0.1_acc", "adversarial", "0.1", 0.1),
        ("pgd10_eps0.1", "PGD10", "0.1", 0.1),
        ("PGD_eps0", "PGD", "0", 0.0),
        ("robust_acc", "robust", None, 0.0),
        ("adv_eps1/0", "adversarial", "1/0", 1.0),
    ],
)
def test_accuracies_under_attack(name, group, eps, strength):
    read = MetricName(name)
    assert read.is_adversarial
    assert read.is_accuracy
    assert (read.group, read.eps, read.strength) == (group, eps, strength)


@pytest.mark.parametrize("name", ["steps10", "advantage", "adam_eps", "top5_accuracy", "loss_0.1"])
def test_other_metrics(name):
    read = MetricName(name)
    assert not read.is_adversarial
    assert read.eps is None


@pytest.mark.parametrize(
    ("name", "eps", "strength"),
    [
        ("adv_acc_" + "1" * 100_000 + "x", None, 0.0),
        ("adv_acc_" + "1" * 100_000, "1" * 100_000, math.inf),
        ("adv_acc_" + "1" * 1000 + "/" + "1" * 1000, "1" * 1000 + "/" + "1" * 1000, 0.0),
        ("adv_acc_" + "." * 100_000 + "5", ".5", 0.5),
        ("adv_acc_" + "1." * 50_000 + "x", "1.1", 1.1),
        ("adv_acc_0" + "e1" * 50_000, None, 0.0),
        ("adv_" + "eps_" * 50_000, None, 0.0),
        ("adv_eps" + "_" * 100_000 + "x", None, 0.0),
    ],
    ids=range(8),
)
def test_a_name_of_any_length_is_read_at_once(name, eps, strength):
    read = MetricName(name)
    assert (read.eps, read.strength) == (eps, strength)
    assert read.group.startswith("adversarial")
    assert read.readable()


def test_a_loss_under_attack_is_no_accuracy():
    assert not MetricName("pgd_loss_eps0.1").is_accuracy


def test_readable_names():
    assert MetricName("train_accuracy").readable(True) == "train"
    assert MetricName("train_accuracy").readable() == "train accuracy"
    assert MetricName("accuracy").readable(True) == "accuracy"
