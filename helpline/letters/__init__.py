"""Letters: anonymous threads for when nobody can chat now, found again with a return code."""
