"""Choosing a slice through samples from their pictures."""
