"""Partitions of a segment: its intervals, their breakpoints, and the graph of the function."""
