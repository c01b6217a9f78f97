"""Encoders of the BERT family in NumPy: folders as transformers saves them, and what must come out of them."""
