"""Run the acceptance tests of `hunter uat`: seven steps against a running system, and a report."""
