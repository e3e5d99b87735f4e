"""SampleGallery: samples as toggle buttons, with a picture where there is one."""

from __future__ import annotations

import traitlets

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC, module


class SampleGallery(StrictWidget):
    """A group of samples to choose from, at most three of them.

    The chosen ones carry the letters A, B and C in the order of choice; choosing a fourth puts it
    in the place of C. Galleries whose `chosen` are linked make one choice.

    Attributes
    ----------
    numbers : list of int
        Which samples are shown.
    names : list of str
        What each is called in full, for its tip and for a screen reader: "sample 17, class 3".
    captions : list of str
        What stands below each picture, or in place of it.
    pictures : list of bytes
        A PNG file for each, or nothing.
    chosen : list of int
        The chosen samples, shown here or not, in the order of choice.
    title : str
        What the group is called; stands above it.
    note : str
        Stands below it, and is read out when it changes.
    trouble : bool
        Whether the note says that something is wrong.
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
