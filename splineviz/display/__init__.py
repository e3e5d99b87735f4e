"""Frames, colors and figures: what a partition looks like."""
