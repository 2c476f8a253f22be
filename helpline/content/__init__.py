"""What the product says: how its files are read, and what holds for every sentence in them."""
