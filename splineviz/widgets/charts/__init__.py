"""Curves over training steps, drawn with bqplot."""
