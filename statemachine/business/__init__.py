"""A business and its settings."""
