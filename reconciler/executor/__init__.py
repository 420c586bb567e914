"""Executor: send planned calls once, interpret responses, recover lost calls by reading, and read back the result."""
