"""Where the predicted class changes: its boundary, the pieces that it cuts off, components."""
