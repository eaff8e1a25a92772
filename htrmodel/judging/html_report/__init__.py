"""The page of an evaluation: where a system fails, on whom, how sure it is, and what to correct first."""
