"""Broken variants of one tiny model: each must end in an error message, never in a trap or a wrong result."""
