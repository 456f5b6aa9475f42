"""Measured numbers. `python -m bench` runs all; `python -m bench.naive` one."""
