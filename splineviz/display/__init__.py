"""Frames, colours and figures: what a partition looks like."""
