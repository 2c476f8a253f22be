"""Advice that fits: a visitor answers a few questions, a tree leads to what to do now."""
