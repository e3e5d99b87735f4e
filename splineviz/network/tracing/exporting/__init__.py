"""What torch.export finds in a network: the graph, and what its nodes are."""
