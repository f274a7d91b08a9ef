"""How long each step of a sync takes, by the number of referrals; `make bench`."""
