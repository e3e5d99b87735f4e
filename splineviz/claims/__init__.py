"""The paper's claims: what decides each, the runs it takes, and one page with the verdicts."""
