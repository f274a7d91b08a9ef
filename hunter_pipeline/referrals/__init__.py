"""Pure functions from a payload to a typed referral: no I/O, no clock, no environment."""
