"""Jupyter widgets: one class a file, one plain ES module a front end."""
