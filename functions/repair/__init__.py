"""Step 9: what the watchdog looks at, and how it repairs each thing."""
