"""Step 9: which jobs the watchdog checks, and how it repairs each thing that got lost."""
