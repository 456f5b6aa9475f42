"""What `haul` can do: one file for each command or group of commands."""
