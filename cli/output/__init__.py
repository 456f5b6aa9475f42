"""What `haul` prints and writes to files, and how it ends."""
