"""How an event takes effect exactly once: ports, compare-and-swap, batches, task tokens."""
