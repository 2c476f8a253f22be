"""What measures the application; `benchmarks/chat.py` is the command."""
