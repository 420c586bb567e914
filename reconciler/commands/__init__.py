"""What each command does around the engine: files, credentials, clock and ledger come in, a run to be told goes out."""
