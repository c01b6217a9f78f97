"""Exports from PyTorch: the models, the script that exports them, and the graphs that it wrote."""
