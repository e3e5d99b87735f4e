"""From a torch module to a program: export, lower each operation, compare with the module."""
