"""The benchmark: how long each step of a sync takes for a number of referrals (`make bench`)."""
