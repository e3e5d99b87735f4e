"""A player as files: pictures, animations, and a page that needs no kernel and no network."""
