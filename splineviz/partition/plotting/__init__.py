"""A partition as a picture: colorings, lines, marks, and what a notebook shows."""
