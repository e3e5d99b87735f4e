"""How far rounding may have moved the values from which regions are made."""
