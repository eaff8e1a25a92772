"""The starter weights of htrmodel, a distribution of their own: each a checkpoint with a model card of the same name.

`htrmodel.starter` finds them here; there is no code.
"""
