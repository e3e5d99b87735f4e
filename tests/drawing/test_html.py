from __future__ import annotations

import numpy as np
import pytest

from splineviz.drawing import html

HOSTILE = '<script>alert("1")</script>\x1b[2J\u202e'


@pytest.mark.parametrize(
    "made",
    [
        html.paragraph(HOSTILE),
        html.bullets(HOSTILE, [HOSTILE]),
        html.picture(b"png", HOSTILE),
        html.html_or_text(lambda: 1 / 0, HOSTILE),
    ],
)
def test_a_strangers_text_is_shown_and_does_nothing(made):
    assert "<script" not in made
    assert "&lt;script&gt;alert(&quot;1&quot;)" in made
    assert "\x1b" not in made
    assert "\u202e" not in made


def test_long_texts_are_cut():
    assert len(html.escaped("a" * 10**6)) == 400


def test_what_fails_says_so():
    made = html.html_or_text(lambda: 1 / 0, "Run('mine')")
    assert "Run(&#x27;mine&#x27;)" in made
    assert "ZeroDivisionError: division by zero" in made


def test_an_interrupt_is_no_failure_of_the_picture():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        html.html_or_text(interrupted, "text")


def test_pictures_have_no_ground():
    figure, _ = html.blank_figure(1e9)
    data = html.png_of(figure)
    from io import BytesIO

    from PIL import Image

    image = Image.open(BytesIO(data))
    assert max(image.size) == html.SIDE
    assert np.asarray(image)[0, 0, 3] == 0
