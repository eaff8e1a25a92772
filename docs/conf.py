"""Sphinx's settings for the site; `make docs` builds it, with every warning an error."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import command_help  # noqa: E402
import rooms_picture  # noqa: E402

from htrdata.version import __version__  # noqa: E402

project = "htrdata and htrmodel"
author = "the authors of htrdata"
release = version = __version__
html_title = f"htrdata {release}"
html_theme = "furo"
html_show_copyright = False
html_static_path: list[str] = []

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
highlight_language = "none"  # blocks without a language are commands and what they print
nitpicky = False

myst_enable_extensions = ["substitution"]
myst_heading_anchors = 3
myst_substitutions = {
    **rooms_picture.substitutions(),
    **command_help.substitutions(),
}

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
default_role = "code"  # docstrings have `name` for code
napoleon_use_ivar = True
napoleon_use_rtype = False
