"""Lets ``python -m htrmodel`` do what the command ``htrmodel`` does."""

from htrmodel.cli.commands import main

if __name__ == "__main__":
    main()
