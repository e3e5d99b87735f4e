"""Torch modules: copied and run without a trace on them, watched, and made from programs."""
