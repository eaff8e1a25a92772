"""The IAM Handwriting Database: words and their forms. See the README beside this file."""

from htrdata.sources.iam.source import Iam, read

__all__ = ["Iam", "read"]
