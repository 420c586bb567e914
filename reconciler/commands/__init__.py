"""Commands around the engine: load files, credentials, clock and ledger, and return a run to report."""
