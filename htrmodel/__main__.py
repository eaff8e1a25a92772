"""Lets ``python -m htrmodel`` do what the command ``htrmodel`` does."""

from htrmodel.cli import main

if __name__ == "__main__":
    main()
