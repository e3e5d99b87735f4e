"""What every drawing shares, in matplotlib or in a widget: colours of curves, the axis of steps."""
