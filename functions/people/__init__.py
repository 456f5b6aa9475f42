"""The people who work here: accounts, sign-in, sessions, the roster, crews, and their location."""
