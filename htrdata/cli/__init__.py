"""The command line of htrdata: commands, their options and help. The work is done elsewhere.

`console` runs commands, those of htrmodel too: errors as one sentence, exit codes, progress bars.
"""
