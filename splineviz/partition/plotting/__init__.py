"""A partition as a picture: colorings, lines and marks."""
