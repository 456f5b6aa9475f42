"""One file per Lambda. `ports.py` is what they need of the world, `aws/` has it."""
