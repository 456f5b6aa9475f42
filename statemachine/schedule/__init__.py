"""Who and what is free: windows, slots, members, and trucks."""
