"""What the trace refuses, why, and what would work: one row for each group of layers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Why layers of some names are refused.

    Attributes
    ----------
    names : str
        Modules, functions and methods, separated by spaces, in lower case and without underscores,
        so that one name stands for ``MaxPool2d`` and ``max_pool2d``.
    why, advice : str
        As in :class:`~splineviz.errors.UnsupportedLayer`.
    """

    names: str
    why: str
    advice: str


_NO_ROW = "there is no row for it in splineviz.network.layers.LAYERS"

REFUSALS = (
    Refusal(
        "gelu silu mish elu celu selu glu sigmoid logsigmoid hardsigmoid hardswish tanh softplus "
        "softsign exp log sin cos pow square sqrt rsqrt reciprocal",
        "it is curved, so the network is not piecewise linear",
        "Use ReLU or LeakyReLU.",
    ),
    Refusal(
        "softmax softmax2d softmin logsoftmax gumbelsoftmax",
        "it is curved, so the network is not piecewise linear",
        "Take it off: the regions, and the class with the largest output, are the same without a "
        "softmax at the end.",
    ),
    Refusal(
        "maxpool1d maxpool3d adaptivemaxpool1d adaptivemaxpool2d adaptivemaxpool3d "
        "fractionalmaxpool2d",
        "its regions are cut by comparing neurons with each other, not by single neurons at zero",
        "Use average pooling (AvgPool2d) or a convolution with a stride; or measure local "
        "complexity, which accepts any network.",
    ),
    Refusal(
        "hardshrink softshrink threshold clamp clip clampmin clampmax maximum "
        "minimum max min amax amin abs absolute where",
        "only activations with one kink, at zero, are supported",
        "Use ReLU or LeakyReLU.",
    ),
    Refusal(
        "prelu rrelu",
        "its slope is not a fixed number",
        "Use LeakyReLU with the slope it has in eval mode, if there is one for all channels.",
    ),
    Refusal(
        "layernorm groupnorm rmsnorm instancenorm1d instancenorm2d instancenorm3d "
        "localresponsenorm normalize norm",
        "it divides by a statistic of each sample, so the network is not piecewise linear",
        "Use BatchNorm1d or BatchNorm2d, which are affine in eval mode, or no normalization.",
    ),
    Refusal(
        "batchnorm batchnorm3d syncbatchnorm",
        "batch normalization is followed only in the modules BatchNorm1d and BatchNorm2d",
        "Use one of them.",
    ),
    Refusal(
        "linear conv2d matmul mm addmm bmm einsum",
        "weights are followed only in the modules Linear and Conv2d",
        "Use torch.nn.Linear or torch.nn.Conv2d; to tie weights, use one module twice.",
    ),
    Refusal(
        "conv1d conv3d convtranspose1d convtranspose2d convtranspose3d avgpool1d avgpool3d "
        "adaptiveavgpool1d adaptiveavgpool2d adaptiveavgpool3d mean sum pad zeropad2d interpolate "
        "upsample pixelshuffle",
        _NO_ROW,
        "Write it with Linear, Conv2d or AvgPool2d (an adaptive average pooling, or a mean over "
        "positions, is an AvgPool2d of their size), or add a row.",
    ),
    Refusal(
        "mul imul multiply div truediv itruediv divide",
        "a product of two values is not piecewise linear, and a product with a constant has no row "
        "in splineviz.network.layers.LAYERS",
        "Take factors into the weights of a Linear or Conv2d layer, or apply them to the data "
        "before the network.",
    ),
    Refusal(
        "sub isub subtract rsub neg negative",
        _NO_ROW,
        "Take the sign into the weights of a Linear or Conv2d layer and add, or add a row.",
    ),
    Refusal(
        "cat concat concatenate stack chunk split getitem select narrow unbind transpose permute t "
        "swapaxes movedim squeeze unsqueeze expand repeat",
        _NO_ROW,
        "Use flatten, reshape or view, a Linear layer with fixed weights, or add a row.",
    ),
    Refusal(
        "to float double half bfloat16 type typeas cpu cuda detach",
        "the network is run in float64 on the CPU, as it is",
        "Take the conversion out of the forward and convert the data before the network.",
    ),
    Refusal(
        "item tolist numpy any all argmax argmin sort topk eq ne gt lt ge le",
        "the network must not look at the numbers in its input",
        "Write the forward with the layers of splineviz.network.layers.LAYERS only.",
    ),
    Refusal(
        "multiheadattention transformer transformerencoder transformerencoderlayer "
        "scaleddotproductattention rnn lstm gru embedding bilinear",
        "it is not piecewise linear in its input",
        "Measure local complexity, which accepts any network.",
    ),
)

_BY_NAME = {name: row for row in REFUSALS for name in row.names.split()}

_UNKNOWN = Refusal(
    "",
    _NO_ROW,
    "Write it with the layers in that table, or add a row if it is affine or piecewise linear.",
)


def refusal_of(name: str) -> Refusal:
    """Why a module, function or method of that name is refused.

    Parameters
    ----------
    name : str
        The name of a class, function or method, such as ``"MaxPool2d"`` or ``"relu_"``.

    Returns
    -------
    Refusal
        A general one if no row names it.
    """
    return _BY_NAME.get(name.replace("_", "").lower(), _UNKNOWN)
