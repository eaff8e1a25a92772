"""The command line of htrmodel: commands, their options and help. The work is done elsewhere."""
