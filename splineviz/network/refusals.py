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
        so that one name stands for ``LayerNorm`` and ``layer_norm``.
    why, advice : str
        As in :class:`~splineviz.errors.UnsupportedLayer`.
    """

    names: str
    why: str
    advice: str


_NO_ROW = "there is no row for it in splineviz.network.layers.LAYERS"

_CURVED = "it is curved, so the network is not piecewise linear"
#: What accepts a network that cannot be traced.
MEASURE_LC = (
    "To measure local complexity (LC), any network will do: splineviz.local_complexity takes it, "
    "and ComplexityCurves.from_results makes curves of what it gives during a training."
)

#: Why what torch.func makes of functions is refused, and what would work.
REFUSED_FUNC = (
    "torch.vmap, grad and the like call functions on tensors that stand for one sample each, so "
    "that what they compute is not seen",
    "Call layers on the whole batch: they take the samples on the first axis.",
)

REFUSALS = (
    Refusal(
        "gelu silu mish elu celu selu glu sigmoid logsigmoid hardswish tanh softplus softsign "
        "tanhshrink exp expm1 exp2 log log2 log10 log1p sin cos tan asin acos atan sinh cosh erf "
        "pow floatpower square sqrt rsqrt reciprocal sinc logsumexp logaddexp hypot",
        _CURVED,
        f"Use ReLU or LeakyReLU. {MEASURE_LC}",
    ),
    Refusal(
        "softmax softmax2d softmin logsoftmax gumbelsoftmax",
        _CURVED,
        "Take it off: the regions, and the class with the largest output, are the same without a "
        f"softmax at the end. {MEASURE_LC}",
    ),
    Refusal(
        "layernorm groupnorm rmsnorm instancenorm instancenorm1d instancenorm2d instancenorm3d "
        "localresponsenorm crossmapnorm2d normalize norm std var cosinesimilarity pairwisedistance "
        "cdist",
        "it divides by, or multiplies with, a statistic of each sample, so the network is not "
        "piecewise linear",
        "Use BatchNorm1d or BatchNorm2d, which are affine in eval mode, or no normalization. "
        f"{MEASURE_LC}",
    ),
    Refusal(
        "hardshrink round floor ceil trunc frac sign sgn heaviside fix remainder fmod floordivide "
        "floordiv mod where maskedfill maskedselect",
        "it may jump, so it is not known to be continuous",
        f"Use ReLU, clamp, maximum or minimum. {MEASURE_LC}",
    ),
    Refusal(
        "fractionalmaxpool2d fractionalmaxpool3d lppool1d lppool2d lppool3d maxunpool1d "
        "maxunpool2d maxunpool3d maxpool2dwithindices maxpool1dwithindices maxpool3dwithindices",
        "its windows are random or its result is not piecewise linear",
        "Use MaxPool2d or AvgPool2d.",
    ),
    Refusal(
        "addmm addmv addbmm baddbmm addcmul addcdiv lerp tensordot outer inner kron",
        "weights are followed only in linear, matmul, einsum and in sums and products with a "
        "constant",
        "Write it as x @ w + b, or use torch.nn.Linear.",
    ),
    Refusal(
        "prod cumprod cross dot vdot mv bilinear",
        "a product of values computed from the input is curved, so the network is not piecewise "
        "linear",
        f"Multiply by constants only. {MEASURE_LC}",
    ),
    Refusal(
        "median mode quantile kthvalue sort topk argsort unique msort cummax cummin",
        "it orders values, which has no row in splineviz.network.layers.LAYERS",
        "Use max, min, amax, amin or a pooling.",
    ),
    Refusal(
        "t h mh adjoint",
        "it exchanges the samples of a batch with their entries",
        "Use transpose or permute on the other axes.",
    ),
    Refusal(
        "float half bfloat16 int long bool cuda",
        "the network is run in float64 on the CPU, as it is",
        "Take the conversion out of the forward and convert the data before the network.",
    ),
    Refusal(
        "item tolist numpy any all argmax argmin eq ne gt lt ge le isnan isinf isfinite nonzero "
        "countnonzero bincount logicalnot logicaland logicalor",
        "the network must not look at the numbers in its input",
        "Write the forward with the layers of splineviz.network.layers.LAYERS only.",
    ),
    Refusal(
        "multiheadattention transformer transformerencoder transformerencoderlayer "
        "transformerdecoder transformerdecoderlayer scaleddotproductattention rnn rnncell lstm "
        "lstmcell gru grucell embedding embeddingbag",
        "it is not piecewise linear in its input",
        MEASURE_LC,
    ),
)

_BY_NAME = {name: row for row in REFUSALS for name in row.names.split()}

_UNKNOWN = Refusal(
    "",
    _NO_ROW,
    "Write it with the layers in that table, or add a row if it is affine or piecewise "
    f"linear. {MEASURE_LC}",
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
