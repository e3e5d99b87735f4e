"""SampleGallery: samples as toggle buttons, with pictures if they are images."""

from __future__ import annotations

import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC, module


class SampleGallery(StrictWidget):
    """A group of samples, of which users choose at most three.

    The chosen samples have the letters A, B and C, in the order of choice; a fourth one replaces
    C. Link the `chosen` of several galleries to make one choice in all of them.

    Attributes
    ----------
    numbers : list of int
        Numbers of the samples shown.
    names : list of str
        Full name of each, for its tip and for screen readers: "sample 17, class 3".
    captions : list of str
        Text below each picture, or instead of it.
    pictures : list of bytes
        A PNG file for each, or empty bytes.
    chosen : list of int
        The chosen samples, shown here or not, in the order of choice.
    title : str
        Title above the group.
    note : str
        Text below the group; screen readers read changes of it.
    trouble : bool
        Whether the note is an error.
    """

    _esm = module("slice_picker/sample_gallery.js")
    _css = STATIC / "slice_picker" / "sample_gallery.css"

    numbers = traitlets.List(traitlets.Int()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    captions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    pictures = traitlets.List(traitlets.Bytes()).tag(sync=True)
    chosen = traitlets.List(traitlets.Int()).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    trouble = traitlets.Bool(False).tag(sync=True)
