"""Run every bench and print what it measured, as it goes into docs/numbers.md."""

import importlib
import pkgutil

import bench


def main() -> None:
    for module in sorted(info.name for info in pkgutil.iter_modules(bench.__path__)):
        if not module.startswith("_"):
            importlib.import_module(f"bench.{module}").main()


if __name__ == "__main__":
    main()
