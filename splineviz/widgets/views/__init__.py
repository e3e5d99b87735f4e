"""What is composed around a player: curves, migration, layers alone, two runs side by side."""
