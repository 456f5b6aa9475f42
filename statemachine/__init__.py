"""The business of hauling: flows, lifecycle, job and views. No AWS, no clock, no randomness."""
