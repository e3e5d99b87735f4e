"""Networks as programs: the table of layer kinds, and the trace from torch to plain data."""
