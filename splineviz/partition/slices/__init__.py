"""Slices of input space, on which regions are enumerated: planes, segments and graphs."""
