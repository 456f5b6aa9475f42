"""Deployments to AWS and to the laptop, by the same steps; also the doctor, costs, and erasure."""
