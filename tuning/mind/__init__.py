"""The mind: wordings, sheets, the network with its adapter, and its training."""
