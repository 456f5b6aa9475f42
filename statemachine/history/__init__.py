"""All jobs of a business: search, customers, and reports."""
