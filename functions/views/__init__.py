"""The customer's view: how it is written, and how long the edge may keep it."""
