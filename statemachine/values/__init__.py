"""Small values that everything uses: ids, moments, phone numbers, CSV cells."""
