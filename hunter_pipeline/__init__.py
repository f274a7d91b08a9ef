"""Never lose a Microsoft lead: Partner Center referrals, synced into PostgreSQL, ready to call."""

__version__ = "0.1.0"
