"""The commands of `haul`: one file for each command or group of commands."""
