"""What a graph can be made of: thin typed functions, grouped by theme. The work itself is in `models/`."""
