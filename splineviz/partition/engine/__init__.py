"""From a program and a slice to cells: the compiled subdivision, layer by layer."""
