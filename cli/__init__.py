"""The `haul` command."""
