"""The name of the cookie by which a device is known to an account; see known_devices.py.

Apart from the token, so that the command line need not import what signs it.
"""

import hashlib

COOKIE_PREFIX = "__Secure-haulway-device-"


def cookie_name(tenant: str, account: str) -> str:
    """One for each account, which the name does not tell."""
    return COOKIE_PREFIX + hashlib.sha256(f"{tenant}/{account}".encode()).hexdigest()[:12]
