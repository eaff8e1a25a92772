"""Lets ``python -m htrdata`` do what the command ``htrdata`` does."""

from htrdata.cli.commands import main

if __name__ == "__main__":
    main()
