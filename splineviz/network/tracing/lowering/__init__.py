"""From torch's graph of a network to the steps of a program, one call after another."""
