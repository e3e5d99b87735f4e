"""ARCHITECTURES: a table of small networks in the style of the families that people use."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from tests.network import image_architectures as images
from tests.network import sequence_architectures as sequences


class Architecture(NamedTuple):
    """A network and its input.

    Attributes
    ----------
    make : callable
        Makes the network.
    shape : tuple of int
        The shape of an input; of what `start` makes if there is one.
    opaque : str
        An operation of torch that is in it, and is neither affine nor piecewise linear; empty if
        there is none.
    tokens, start : tuple of int, str
        A sample of a network whose input are the numbers of tokens, and its embedding.
    unwrapped : callable, optional
        The same network where what it computes can be watched.
    """

    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    opaque: str = ""
    tokens: tuple[int, ...] = ()
    start: str | None = None
    unwrapped: Callable[[], nn.Module] | None = None


def mlp() -> nn.Module:
    hidden = [nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Linear(8, 2))


IMAGE, TOKENS, PADDED = (3, 8, 8), (3, 1, 4, 1, 5), (3, 1, 4, 0, 0)

ARCHITECTURES = {
    "MLP": Architecture(mlp, (2,)),
    "VGG": Architecture(images.vgg, IMAGE),
    "ResNet": Architecture(images.resnet, IMAGE),
    "pre-activation ResNet": Architecture(images.preactivation_resnet, IMAGE),
    "DenseNet": Architecture(images.densenet, IMAGE),
    "MobileNet with ReLU6": Architecture(lambda: images.mobilenet(nn.ReLU6), IMAGE),
    "MobileNet with hardswish": Architecture(
        lambda: images.mobilenet(nn.Hardswish), IMAGE, "hardswish"
    ),
    "ShuffleNet": Architecture(images.shufflenet, IMAGE),
    "SqueezeNet": Architecture(images.squeezenet, IMAGE),
    "Inception": Architecture(images.inception, IMAGE),
    "HRNet": Architecture(images.HighResolution, IMAGE),
    "U-Net": Architecture(images.UNet, (1, 8, 8)),
    "EfficientNet": Architecture(images.efficientnet, IMAGE, "silu"),
    "ConvNeXt": Architecture(images.convnext, IMAGE, "layer_norm"),
    "Swin": Architecture(images.Swin, IMAGE, "softmax"),
    "Mixer": Architecture(images.Mixer, IMAGE, "layer_norm"),
    "ViT": Architecture(
        lambda: images.ViT(sequences.TorchBlock()), IMAGE, "scaled_dot_product_attention"
    ),
    "ViT with an attention of its own": Architecture(
        lambda: images.ViT(sequences.Block()), IMAGE, "softmax"
    ),
    "GPT": Architecture(lambda: sequences.GPT(True), (5, 8), "softmax", TOKENS, "wte"),
    "GPT without a mask": Architecture(
        lambda: sequences.GPT(False), (5, 8), "softmax", TOKENS, "wte"
    ),
    "BERT": Architecture(sequences.BERT, (5, 8), "scaled_dot_product_attention", PADDED, "words"),
    "Llama": Architecture(sequences.Llama, (5, 8), "rms_norm"),
    "Llama with conversions": Architecture(
        lambda: sequences.Llama(norm=sequences.RMSNorm), (5, 8), "rsqrt"
    ),
    "GRU": Architecture(lambda: sequences.Recurrent(nn.GRU), (4, 3), "gru"),
    "LSTM": Architecture(
        lambda: sequences.Recurrent(nn.LSTM, num_layers=2, bidirectional=True), (4, 3), "lstm"
    ),
    "autoencoder with tied weights": Architecture(sequences.TiedAutoencoder, (8,)),
    "maxout": Architecture(sequences.Maxout, (4,)),
    "LoRA": Architecture(lambda: sequences.lora(False), (5,)),
    "merged LoRA": Architecture(lambda: sequences.lora(True), (5,)),
    "old weight norm": Architecture(sequences.old_weight_norm, (4,)),
    "weight norm": Architecture(sequences.weight_norm, (16,), "elu"),
    "spectral norm": Architecture(sequences.spectral_norm, (4,)),
    "pruning": Architecture(sequences.pruned, (4,)),
    "normalizing flow": Architecture(
        lambda: nn.Sequential(sequences.Coupling(4, False), sequences.Coupling(4, True)),
        (4,),
        "exp",
    ),
    "wrapped parts": Architecture(
        lambda: sequences.Held(True), (6,), unwrapped=lambda: sequences.Held(False)
    ),
}


class Behind(nn.Module):
    """A network of tokens as one of what its embedding makes of them."""

    def __init__(self, network: nn.Module, start: str, tokens: torch.Tensor) -> None:
        super().__init__()
        self.network, self.start = network, start
        self.register_buffer("tokens", tokens)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        embedding = self.network.get_submodule(self.start)
        hook = embedding.register_forward_hook(lambda *_: x)
        try:
            return self.network(self.tokens.expand(x.shape[0], -1))
        finally:
            hook.remove()


def seeded(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """A network in eval mode, with statistics of its batch normalizations that are not trivial."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        model = make()
        for name, tensor in model.named_buffers():
            if name.endswith("running_mean"):
                tensor.copy_(0.3 * torch.randn(tensor.shape))
            elif name.endswith("running_var"):
                tensor.copy_(0.5 + torch.rand(tensor.shape))
    return model.eval()
