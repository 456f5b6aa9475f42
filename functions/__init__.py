"""One file per Lambda, in the order the data meets them; `ports.py` is what they need, `aws.py` has it."""
