"""Neighborhoods on their way through a network: a center and differences from it, step by step."""
