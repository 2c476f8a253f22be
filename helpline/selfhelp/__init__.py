"""The self-help course: its texts and exercises, and the answers that nobody but the visitor can read."""
