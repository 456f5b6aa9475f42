from tests.functions.conftest import moto

__all__ = ["moto"]
