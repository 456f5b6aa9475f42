"""The name of the cookie that marks a device as known to an account; see known_devices.py.

It has its own module so that the command line does not import the code that signs tokens.
"""

import hashlib

COOKIE_PREFIX = "__Secure-haulway-device-"


def cookie_name(tenant: str, account: str) -> str:
    """One cookie for each account; the name does not reveal which."""
    return COOKIE_PREFIX + hashlib.sha256(f"{tenant}/{account}".encode()).hexdigest()[:12]
