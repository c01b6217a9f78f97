"""Networks with fixed random weights, one module per architecture, built node by node."""
