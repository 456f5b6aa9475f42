"""What a business may change of its settings, and its own words."""
