"""The commands of ``splineviz``: one a file, thin over functions that Python users call too."""
