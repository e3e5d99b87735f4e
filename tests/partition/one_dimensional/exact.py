"""The definition, in exact fractions: the intervals of a dense network with one input."""

from fractions import Fraction
from itertools import pairwise


def intervals(layers, low, high):
    """The pattern of each interval and where it ends, from left to right.

    `layers` holds (weight, bias) pairs as lists of fractions, with a ReLU between them. The last
    pair is the output. Each interval carries the affine map of the network up to here.
    """
    pieces = [(Fraction(low), Fraction(high), [(Fraction(1), Fraction(0))], ())]
    for weight, bias in layers[:-1]:
        cut = []
        for start, end, rows, pattern in pieces:
            z = _affine(weight, bias, rows)
            roots = {-c / m for m, c in z if m != 0}
            ends = [start, *sorted(root for root in roots if start < root < end), end]
            for a, b in pairwise(ends):
                bits = tuple(m * (a + b) / 2 + c > 0 for m, c in z)
                behind = [
                    row if bit else (Fraction(0),) * 2 for row, bit in zip(z, bits, strict=True)
                ]
                cut.append((a, b, behind, pattern + bits))
        pieces = cut
    found = []
    for _, end, rows, pattern in pieces:
        if found and found[-1][0] == pattern:
            found[-1] = (pattern, end, found[-1][2])
        else:
            found.append((pattern, end, _affine(*layers[-1], rows)))
    return found


def _affine(weight, bias, rows):
    return [
        (
            sum((w * m for w, (m, _) in zip(line, rows, strict=True)), Fraction(0)),
            sum((w * c for w, (_, c) in zip(line, rows, strict=True)), b),
        )
        for line, b in zip(weight, bias, strict=True)
    ]
