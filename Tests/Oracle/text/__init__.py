"""Lines of text for tokenizers and encoders, the same in every run."""
