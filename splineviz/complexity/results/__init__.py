"""What is returned: local complexity, its curves and maps, and how they are printed and drawn."""
