"""What `haul` prints: tables, times, errors, and exit codes."""
