"""Pure knowledge of referrals: no I/O, no clock, no environment, no Dagster."""
