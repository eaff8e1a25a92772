"""Where the words of a line stand: forced alignment of its text with a CTC model that reads words."""
