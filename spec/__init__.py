"""The protocol as models for the checker SPIN, and what checks them."""
