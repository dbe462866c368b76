"""Links that let others run one graph: for their owner, and for guests."""
