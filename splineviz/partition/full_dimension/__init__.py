"""Activation regions, and what is measured at inputs, in all dimensions of the input space."""
