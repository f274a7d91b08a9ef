"""Access Partner Center and Entra over HTTPS: sign-in, referrals and tenants."""
