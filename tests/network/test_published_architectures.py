"""Networks of torchvision, timm and transformers with random weights, where they are installed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.network.torch_modules.model_copy import float64_copy

pytestmark = pytest.mark.nightly

_TORCHVISION = """
    alexnet resnet18 densenet121 mobilenet_v2 mobilenet_v3_small mnasnet0_5 squeezenet1_1
    shufflenet_v2_x0_5 efficientnet_b0 regnet_x_400mf convnext_tiny
    """
_TIMM = """
    resnet26 vgg11 nf_resnet26 res2net50_26w_4s hrnet_w18_small darknet53 regnetx_002
    convnext_atto ghostnet_050 efficientnet_lite0 xception41
    """
_OF_ONE_SIZE = ("vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "levit_128s")

# The side of the images for each.
TORCHVISION = {**dict.fromkeys(_TORCHVISION.split(), 64), "swin_t": 224}
TIMM = {**dict.fromkeys(_TIMM.split(), 64), **dict.fromkeys(_OF_ONE_SIZE, 224)}


def check(model: nn.Module, side: int) -> None:
    """The program is the network, and its local complexity can be measured."""
    program = sv.trace(model, (3, side, side))
    x = 0.5 * np.random.default_rng(0).standard_normal((2, 3, side, side))
    with torch.no_grad():
        expected = float64_copy(model)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(program(x), expected, rtol=1e-8, atol=1e-8)
    assert sv.local_complexity(program, x[:1], radius=0.05, directions=2).counts.shape[0] == 1


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision(name: str) -> None:
    torchvision = pytest.importorskip("torchvision")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = torchvision.models.get_model(name, weights=None)
    check(model.eval(), TORCHVISION[name])


@pytest.mark.parametrize("name", TIMM)
def test_timm(name: str) -> None:
    timm = pytest.importorskip("timm")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = timm.create_model(name, pretrained=False)
    check(model.eval(), TIMM[name])


class Classifier(nn.Module):
    """The logits only of what a network of transformers returns."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.network(tokens, use_cache=False, return_dict=False)[0]


def test_gpt2() -> None:
    transformers = pytest.importorskip("transformers")
    sizes = {"n_layer": 2, "n_embd": 16, "n_head": 2, "vocab_size": 50, "n_positions": 16}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Classifier(transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes))).eval()
    tokens = torch.tensor([[3, 1, 4, 1, 5]])
    program = sv.trace(model, tokens, start="network.transformer.wte")
    with torch.no_grad():
        exact = float64_copy(model)
        x = exact.network.transformer.wte(tokens).numpy()
        np.testing.assert_allclose(program(x), exact(tokens).numpy(), rtol=1e-8, atol=1e-8)
    assert sv.local_complexity(program, x, radius=0.05, directions=4).widths.sum() > 0
