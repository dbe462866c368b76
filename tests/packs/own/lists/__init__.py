"""Lists: a node that gives any number of values, and one that takes them all at once."""
