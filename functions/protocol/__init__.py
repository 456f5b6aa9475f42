"""How an event counts exactly once: ports, compare-and-swap, batches, resuming executions."""
