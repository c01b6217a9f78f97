"""Trained networks inside packages of PyPI: one module for each package, which feeds them what they were trained for.

A case is refused unless the network sees what is there: a trained model on noise would be a weak test.
"""
