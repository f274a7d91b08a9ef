"""Partner Center and Entra over HTTP: signing in, reading referrals, asking for tenants. No SQL, no Dagster."""
