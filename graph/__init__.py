"""The language: what a graph is, whether it is valid, and what must run. Standard library only."""
