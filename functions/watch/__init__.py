"""Step 9: what the watchdog looks at, and how it mends each thing."""
