"""The settings of a business: where they are kept, how they change, and their history."""
