"""The tests; a package, so that their programs can be started with `python -m`, whatever else is called tests."""
