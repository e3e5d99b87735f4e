"""A training driven from outside, a few updates at a time, with its steps kept in memory."""
