"""Summaries of chats: a few lines that both sides agreed on, kept under a return code, and the way back."""
