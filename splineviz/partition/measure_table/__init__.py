"""MEASURES: numbers of a network on a slice, at points or between checkpoints; and their curves."""
