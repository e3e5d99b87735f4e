"""Recording a training as it happens, with one object and two lines in the loop."""
