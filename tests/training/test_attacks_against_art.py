"""Auto-PGD against that of the Adversarial Robustness Toolbox, on trained networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import splineviz as sv

pytestmark = [
    pytest.mark.nightly,
    # The toolbox uses names of its dependencies that are on their way out.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]

NAMES = {"cross-entropy": "cross_entropy", "dlr": "difference_logits_ratio"}
BUDGET = {"steps": 50, "restarts": 2}
COUNT = 200


def toolbox_accuracy(network, x, y, eps: float, norm: str, loss: str) -> float:
    """What the toolbox leaves right, with the same budget and the same first step."""
    from art.attacks.evasion import AutoProjectedGradientDescent
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(
        network,
        loss=torch.nn.CrossEntropyLoss(),
        input_shape=x.shape[1:],
        nb_classes=10,
        clip_values=(0, 1),
        device_type="cpu",
    )
    attack = AutoProjectedGradientDescent(
        estimator=classifier,
        norm=np.inf if norm == "linf" else 2,
        eps=eps,
        eps_step=2 * eps,
        max_iter=BUDGET["steps"],
        nb_random_init=BUDGET["restarts"],
        batch_size=len(x),
        loss_type=NAMES[loss],
        targeted=False,
        verbose=False,
    )
    state = np.random.get_state()
    np.random.seed(0)
    try:
        points = attack.generate(x=x, y=y)
    finally:
        np.random.set_state(state)
    with torch.no_grad():
        return float((network(torch.from_numpy(points)).argmax(1).numpy() == y).mean())


@pytest.mark.parametrize("loss", NAMES)
@pytest.mark.parametrize(("norm", "eps"), [("linf", 0.05), ("linf", 0.1), ("l2", 0.4)])
@pytest.mark.parametrize("step", [117, 20000])
def test_no_weaker_than_the_toolbox(step, norm, eps, loss):
    """On 200 digits it breaks as many as the toolbox or more, and not many more."""
    run = sv.Run.bundled("digits-robust-small")
    data = sv.recipes.data("digits-robust-small", 0)
    x, y = data.test_inputs[:COUNT].astype(np.float32), data.test_labels[:COUNT]
    network = run.model(step).float()
    theirs = toolbox_accuracy(network, x, y, eps, norm, loss)
    ours = sv.apgd_accuracy(
        run.model(step), x, y, eps=eps, norm=norm, loss=loss, bounds=(0, 1), **BUDGET
    )
    bound = sv.robust_accuracy_bound(
        run.model(step), x, y, eps=eps, norm=norm, bounds=(0, 1), **BUDGET
    )
    assert theirs - 0.03 <= ours <= theirs + 0.02
    assert bound <= min(ours, theirs)
