"""Convert payloads to typed referrals by pure functions: no I/O, no clock, no environment."""
