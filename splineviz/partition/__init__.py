"""Exact linear regions of a network on a 2D slice of its input space."""
